import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { commandsTopic, type Envelope, EVENTS_TOPIC } from '@tolem/contracts';
import { MemoryAnswers, MemoryPollSchedule, MemorySlots, MemoryTokenBuckets, MemoryWakeUps } from '@tolem/coordination';
import { IdFactory, systemClock } from '@tolem/domain';
import { gatewayConfig, type RunningGateway, startGateway } from '@tolem/gateway';
import { kaspiConfig, startKaspi } from '@tolem/kaspi';
import { InProcessBus, type Subscription, type Deliver } from '@tolem/messaging';
import { createLogger, Metrics } from '@tolem/observability';
import type { RunningProvider } from '@tolem/provider-kit';
import { type Sandbox, startSandbox } from '@tolem/sandbox';
import { type TestDatabase, waitFor } from '@tolem/testing';
import { type Chain, onboard, type PaymentView, unhurriedBuyer } from './chain.ts';
import { houseDatabase, houseEnvironment } from './house-database.ts';

/** The bus with an ear: which messages were handled. */
class HeardBus extends InProcessBus {
  readonly heard: Envelope[] = [];

  override subscribe(consumer: string, topics: readonly string[], deliver: Deliver): Subscription {
    return super.subscribe(consumer, topics, (batch) => {
      this.heard.push(...batch);
      return deliver(batch);
    });
  }
}

describe('a Kaspi QR payment through the whole house', () => {
  let folder: string;
  let database: TestDatabase;
  let bank: Sandbox;
  let bus: HeardBus;
  let gateway: RunningGateway;
  let kaspi: RunningProvider;
  let chain: Chain;
  const logs: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tolem-e2e-'));
    [database, bank] = await Promise.all([
      houseDatabase(),
      startSandbox({ dataFolder: folder, controlPort: 0, r3Port: 0, timers: 'local' }),
    ]);
    await unhurriedBuyer(bank.controlUrl);
    const environment = houseEnvironment(database, bank.r3Url);
    const logger = createLogger({ service: 'e2e', level: 'debug', stream: { write: (line) => void logs.push(line) } });
    const ids = new IdFactory(systemClock);
    bus = new HeardBus({
      topology: { [EVENTS_TOPIC]: ['gateway'], [commandsTopic('kaspi')]: ['kaspi'] },
      onError: () => undefined,
    });
    const shared = { bus, clock: systemClock, ids, logger, metrics: new Metrics() };
    kaspi = await startKaspi(kaspiConfig.load(environment), {
      ...shared,
      schedule: new MemoryPollSchedule(systemClock),
      slots: new MemorySlots(),
      answers: new MemoryAnswers(),
      buckets: new MemoryTokenBuckets(systemClock),
      alone: true,
    });
    gateway = await startGateway(gatewayConfig.load(environment), { ...shared, wakeUps: new MemoryWakeUps() });
    chain = await onboard(gateway.url, bank.tls);
    // The desk's device is registered with its first payment; what is counted below is every other one.
    const first = await chain.pay(100, 'first');
    await untilFinal(first.body.id);
  }, 60_000);

  afterAll(async () => {
    await gateway?.close();
    await kaspi?.close();
    await bank?.close();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function untilFinal(id: string): Promise<PaymentView> {
    return waitFor(
      `${id} to end`,
      async () => {
        const payment = await chain.payment(id, 5);
        return ['created', 'requires_customer', 'processing', 'unknown'].includes(payment.status) ? undefined : payment;
      },
      30_000,
    );
  }

  it('shows the QR in one call, follows the buyer and hands the goods over, as the bank has it in its books', async () => {
    const created = await chain.pay(149_000, 'story');
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      status: 'requires_customer',
      till: { screen: 'show_qr', hand_over_goods: false },
    });
    expect(created.body.next_action?.qr).toMatch(/^\d{41}$/);
    const confirming = await waitFor('the scan', async () => {
      const payment = await chain.payment(created.body.id, 5);
      return payment.status === 'requires_customer' ? undefined : payment;
    });
    expect(confirming).toMatchObject({
      status: 'processing',
      till: { screen: 'confirm_in_app', may_start_another: false },
    });
    const paid = await untilFinal(created.body.id);
    expect(paid).toMatchObject({ status: 'succeeded', late: false, till: { screen: 'paid', hand_over_goods: true } });
    const row = bank.ledger().find((candidate) => candidate.external_id === paid.id);
    expect(row).toMatchObject({ id: paid.provider.id, amount: 149_000, status: 'Processed' });
  });

  it('takes seven writing round trips and four messages', async () => {
    const statements: string[] = [];
    const counted = [gateway.appDatabase, gateway.workerDatabase, kaspi.db].map((db) =>
      db.onRoundTrip((sql) => statements.push(sql)),
    );
    const from = bus.heard.length;
    const created = await chain.pay(250_000, 'counted');
    await untilFinal(created.body.id);
    for (const stop of counted) stop();
    const messages = bus.heard.slice(from).filter((message) => message.subject === created.body.id);
    expect(messages.map((message) => message.type)).toEqual([
      'payment.start',
      'payment.state',
      'payment.progress',
      'payment.state',
    ]);
    // The one comparison with the bank's books after success is no part of the way; it may fall into the time counted.
    const looks = statements.filter((sql) => sql.startsWith('UPDATE subject SET look_at')).length;
    expect([7 + looks, 7 + 2 * looks]).toContain(writesOf(statements).length);
  });

  it('lets no key, token, pass phrase or private key into the logs', () => {
    const text = logs.join('\n');
    expect(text.length).toBeGreaterThan(0);
    expect(text).not.toMatch(/tlm_(test|op)_[0-9a-z]{20}/i);
    expect(text).not.toContain('PRIVATE KEY');
  });
});

/** Statements on a payment's way that write; what runs on a timer, apart and in batches, is not a payment's. */
function writesOf(statements: readonly string[]): string[] {
  const writing = /\b(INSERT|UPDATE|DELETE)\b|create_payment|apply_payment/i;
  const onATimer = /DELETE FROM outbox|last_used|SKIP LOCKED/i;
  return statements.filter((sql) => writing.test(sql) && !onATimer.test(sql));
}
