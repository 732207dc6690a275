import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Envelope, PROVIDERS } from '@tolem/contracts';
import { MemoryAnswers, MemoryPollSchedule, MemorySlots, MemoryTokenBuckets, MemoryWakeUps } from '@tolem/coordination';
import { IdFactory, systemClock } from '@tolem/domain';
import { gatewayConfig, type RunningGateway, startGateway } from '@tolem/gateway';
import { kaspiConfig, startKaspi } from '@tolem/kaspi';
import { InProcessBus, type Subscription, type Deliver } from '@tolem/messaging';
import { createLogger, Metrics } from '@tolem/observability';
import type { RunningProvider } from '@tolem/provider-kit';
import { type Sandbox, startSandbox } from '@tolem/sandbox';
import { busTopology } from '@tolem/service-process';
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
      topology: busTopology(PROVIDERS.map(({ name }) => name)),
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
    await untilCompared(first.body.id);
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

  /** Paid, and compared with the bank's books. */
  async function untilCompared(id: string): Promise<PaymentView> {
    const payment = await untilFinal(id);
    await waitFor('the comparison with the bank’s books', async () => {
      const [row] = await kaspi.db.query<{ look_at: Date | null }>('SELECT look_at FROM subject WHERE id = $1', [id]);
      return row?.look_at === null;
    });
    return payment;
  }

  /** Counts from now on, until what it returns is called. */
  function counting() {
    const statements: string[] = [];
    const stops = [gateway.appDatabase, gateway.workerDatabase, kaspi.db].map((db) =>
      db.onRoundTrip((sql) => statements.push(sql)),
    );
    const from = bus.heard.length;
    return () => {
      for (const stop of stops) stop();
      const messages = bus.heard.slice(from);
      return {
        writes: statements.filter((sql) => isWriting(sql) && !isOnATimer(sql)),
        reads: statements.filter((sql) => !isWriting(sql) && !isOnATimer(sql)),
        messagesOf: (id: string) => messages.filter(({ subject }) => subject === id).map(({ type }) => type),
      };
    };
  }

  /** What the bank was asked about a purchase, in this order. */
  function callsOf(purchase: string | null): readonly string[] {
    return (
      bank
        .ledger()
        .find(({ id }) => id === purchase)
        ?.calls.map(({ call }) => call) ?? []
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
    const paid = await untilCompared(created.body.id);
    expect(paid).toMatchObject({ status: 'succeeded', late: false, till: { screen: 'paid', hand_over_goods: true } });
    const row = bank.ledger().find((candidate) => candidate.external_id === paid.id);
    expect(row).toMatchObject({ id: paid.provider.id, amount: 149_000, status: 'Processed' });
  });

  it('takes seven writing round trips and four messages, and one more to compare it with the bank’s books', async () => {
    const count = counting();
    const created = await chain.pay(250_000, 'counted');
    const { provider } = await untilCompared(created.body.id);
    const { writes, messagesOf } = count();
    expect(messagesOf(created.body.id)).toEqual([
      'payment.start',
      'payment.state',
      'payment.progress',
      'payment.state',
    ]);
    expect(writes).toHaveLength(8);
    expect(callsOf(provider.id).filter((call) => call === 'payment/details')).toHaveLength(1);
  });

  it('is refunded in five writing round trips and two messages, and the request that waits for it reads nothing', async () => {
    const sold = await chain.pay(300_000, 'to be refunded');
    const { provider } = await untilCompared(sold.body.id);
    const before = callsOf(provider.id).length;
    const count = counting();
    const refund = await chain.post<{ id: string; status: string }>('/v1/refunds?wait=25', {
      payment: sold.body.id,
      amount: 100_000,
    });
    const { writes, reads, messagesOf } = count();
    expect(refund.status).toBe('succeeded');
    expect(messagesOf(refund.id)).toEqual(['refund.start', 'refund.state']);
    expect(writes).toHaveLength(5);
    expect(reads.filter((sql) => /refund|subject|operation/.test(sql))).toEqual([]);
    expect(callsOf(provider.id).slice(before)).toEqual(['payment/details', 'payment/return']);
  });

  it('lets no key, token, pass phrase or private key into the logs', () => {
    const text = logs.join('\n');
    expect(text.length).toBeGreaterThan(0);
    expect(text).not.toMatch(/tlm_(test|op)_[0-9a-z]{20}/i);
    expect(text).not.toContain('PRIVATE KEY');
  });
});

const isWriting = (sql: string): boolean =>
  /\b(INSERT|UPDATE|DELETE)\b|create_payment|apply_payment|create_refund|apply_refund/i.test(sql);
/** What runs on a timer, apart and in batches, is nobody's. */
const isOnATimer = (sql: string): boolean =>
  /DELETE FROM outbox|last_used|SKIP LOCKED|sweep_|WITH due AS|look_at IS NOT NULL/i.test(sql);
