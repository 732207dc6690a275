import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '@tolem/local-stack';
import { startTraceCollector, type TraceCollector, waitFor } from '@tolem/testing';
import { z } from 'zod';
import { ChainServer, countsSince } from '../src/chain-server.ts';
import type { DrillHouse, Service } from '../src/drill-house.ts';
import { drillLines } from '../src/drill-line.ts';
import { runDrill } from '../src/run-drill.ts';
import { type PaymentAnswer, paymentAnswer } from '../src/sale.ts';
import { rolled } from '../src/service-drills.ts';
import type { ToldBook } from '../src/told.ts';
import { bankRows, byHand, created, type MoneyView, posted, shows } from './money-across.ts';
import { CLOSE_MS, OPEN_MS, ownHouse, SCALE } from './own-house.ts';

const ACROSS_MS = 60_000;
const ROLL_MS = 240_000;
/** A broker that starts on a machine that does other things. */
const BACK_MS = 90_000;
/** A run of all specs restarts the one whose work must not be lost; `npm run test:long` both. */
const ROLLED = process.env['TOLEM_LONG'] === '1' ? (['kaspi', 'gateway'] as const) : (['kaspi'] as const);
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('two gateways and two kaspi on real stores', () => {
  let house: DrillHouse;
  let close: (() => Promise<number[]>) | undefined;
  let traces: TraceCollector;
  const at: ChainServer[] = [];

  beforeAll(async () => {
    traces = await startTraceCollector();
    ({ house, close } = await ownHouse({ otlpUrl: traces.url }));
    for (const url of house.house.gatewayUrls) {
      at.push(new ChainServer({ gateways: [url], apiKey: house.chain.apiKey, signal: house.house.ending }));
    }
  }, OPEN_MS);
  afterAll(async () => {
    for (const each of at) each.close();
    expect(await close?.()).toEqual([]);
    traces?.close();
  }, CLOSE_MS);

  /** A chain's server that knows one gateway only. */
  const gateway = (replica: number): ChainServer => {
    const found = at[replica - 1];
    if (found === undefined) throw new Error(`there is no gateway ${replica}`);
    return found;
  };
  const paymentIn = (answer: { status: number; text: string }): PaymentAnswer => {
    if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
    return paymentAnswer.parse(JSON.parse(answer.text));
  };
  const create = async (replica: number, key: string, headers: Record<string, string> = {}): Promise<PaymentAnswer> => {
    const { organization, tradePoint } = house.chain;
    const place = { organization, trade_point: tradePoint, desk: 'till-1' };
    const body = { ...place, amount: 149_000, currency: 'KZT', method: { type: 'kaspi_qr' }, reference: key };
    const call = {
      method: 'POST',
      path: '/v1/payments?wait=20',
      body,
      idempotencyKey: key,
      headers,
      waitSeconds: 20,
    } as const;
    return paymentIn(await gateway(replica).request(call));
  };
  const read = async (replica: number, id: string, waitSeconds: number): Promise<PaymentAnswer> =>
    paymentIn(
      await gateway(replica).request({ method: 'GET', path: `/v1/payments/${id}?wait=${waitSeconds}`, waitSeconds }),
    );
  const paid = (replica: number, id: string): Promise<PaymentAnswer> =>
    waitFor(
      'the money',
      async () => {
        const payment = await read(replica, id, 5);
        return payment.status === 'succeeded' ? payment : undefined;
      },
      ACROSS_MS,
    );
  const pageOf = async (service: Service, replica: number, page: string): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${house.process(service, replica).managementUrl}${page}`);
    return { status: answer.status, text: await answer.text() };
  };
  const setBuyers = async (buyers: object | null): Promise<void> => {
    const body = JSON.stringify({ kaspi: buyers });
    const answer = await fetch(`${house.house.sandbox.control}/autopilot`, { method: 'PUT', body });
    expect(answer.status).toBeLessThan(300);
  };

  it(
    'share a payment: created at one gateway, waited for at the other, told by events and webhooks',
    async () => {
      const created = await create(1, 'across');
      expect(created).toMatchObject({ status: 'requires_customer', reference: 'across' });
      expect(created.next_action?.qr).toMatch(/^\S{10,}$/);
      expect(await paid(2, created.id)).toMatchObject({ status: 'succeeded', late: false });
      const told = ({ payments }: ToldBook): string[] =>
        payments.filter(({ of }) => of === created.id).map(({ status }) => status);
      await waitFor('the events', () => told(house.events.told).at(-1) === 'succeeded', ACROSS_MS);
      await waitFor('the webhooks', () => told(house.webhooks.told).includes('succeeded'), ACROSS_MS);
      expect(house.webhooks.forged).toBe(0);
    },
    2 * ACROSS_MS,
  );

  it(
    'give money back once: asked for at one gateway, told by the other, and the payment shows it at both',
    async () => {
      const sold = await create(1, 'refunded');
      const { id } = await paid(2, sold.id);
      const purchase = (await readRaw(id)).provider.id;
      const body = { payment: id, amount: 49_000, reason: 'came back' };
      const refund = await created(gateway(1), '/v1/refunds', body, 'refund-across');
      expect((await created(gateway(2), '/v1/refunds', body, 'refund-across')).id).toBe(refund.id);
      const ended = ({ status }: MoneyView): boolean => status === 'succeeded';
      const shown = await shows(gateway(2), `/v1/refunds/${refund.id}`, ended, ACROSS_MS);
      expect(shown).toMatchObject({ amount: 49_000, evidence: 'stated' });
      for (const replica of [1, 2]) {
        const returned = ({ amount_refunded: minor }: MoneyView): boolean => minor === 49_000;
        await shows(gateway(replica), `/v1/payments/${id}`, returned, ACROSS_MS);
      }
      const rows = (await bankRows(house.house.sandbox.control)).filter(
        ({ kind, payment_id: of }) => kind === 'refund' && of === purchase,
      );
      expect(rows).toMatchObject([{ id: shown.provider.id, amount: 49_000 }]);
    },
    2 * ACROSS_MS,
  );

  it(
    'send an invoice whose payer either gateway names, and end it by one question of a person',
    async () => {
      const { organization, tradePoint } = house.chain;
      const phone = '77015550123';
      const named = z.looseObject({ name: z.string().min(3) });
      for (const replica of [1, 2]) {
        await posted(gateway(replica), '/v1/payers/lookup', { desk: 'till-1', phone }, undefined, named);
      }
      const body = {
        ...{ organization, trade_point: tradePoint, desk: 'till-1', amount: 77_700, currency: 'KZT' },
        method: { type: 'kaspi_invoice', phone },
      };
      const { id } = await created(gateway(1), '/v1/payments?wait=20', body, 'invoice-across');
      const path = `/v1/payments/${id}`;
      const sent = await shows(gateway(2), path, ({ status }) => status === 'requires_customer', ACROSS_MS);
      await hand(`/kaspi/invoices/${sent.provider.id}/pay`);
      expect((await shows(gateway(1), path, () => true, ACROSS_MS)).status).toBe('requires_customer');
      const refreshed = await Promise.all(
        [1, 2, 1, 2].map((replica) =>
          posted(gateway(replica), `${path}/refresh?wait=20`, {}, undefined, named.partial()),
        ),
      );
      expect(refreshed).toHaveLength(4);
      await shows(gateway(2), path, ({ status }) => status === 'succeeded', ACROSS_MS);
      const [invoice, ...more] = (await bankRows(house.house.sandbox.control)).filter(
        ({ kind, amount }) => kind === 'invoice' && amount === 77_700,
      );
      expect(more).toEqual([]);
      expect(invoice?.calls.filter(({ call }) => call === 'payment/status')).toHaveLength(1);
    },
    2 * ACROSS_MS,
  );

  const hand = (path: string): Promise<void> => byHand(house.house.sandbox.control, path);

  it(
    'write one trace, from the till’s request over the bus and the bank’s call to the webhook',
    async () => {
      const { id } = await create(1, 'traced', { traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01` });
      await paid(1, id);
      const wanted = [
        'gateway POST /v1/payments',
        'kaspi payment.start',
        'kaspi kaspi kaspi_qr start',
        'kaspi payment.check',
        'gateway payment.applied',
        'gateway webhook.deliver',
      ];
      const seen = (): string[] => [
        ...new Set(
          traces.spans.filter(({ traceId }) => traceId === TRACE_ID).map(({ service, name }) => `${service} ${name}`),
        ),
      ];
      await waitFor('the spans', () => wanted.every((name) => seen().includes(name)), ACROSS_MS).catch(() => undefined);
      expect(seen()).toEqual(expect.arrayContaining(wanted));
      const { told, headers } = house.webhooks;
      const traced = told.payments.filter(
        ({ event, of }) => of === id && String(headers.get(event)?.['traceparent']).includes(TRACE_ID),
      );
      expect(traced.length).toBeGreaterThan(0);
    },
    2 * ACROSS_MS,
  );

  it(
    'tell how far the consumers are behind',
    async () => {
      for (const service of ['gateway', 'kaspi'] as const) {
        await waitFor(
          `the lag of ${service}`,
          async () =>
            new RegExp(`^tolem_bus_lag\\{consumer="${service}"\\} \\d+$`, 'm').test(
              (await pageOf(service, 1, '/metrics')).text,
            ),
          ACROSS_MS,
        );
      }
    },
    2 * ACROSS_MS,
  );

  it(
    'leave in order when they are asked to, and whoever waits there is answered with the state as it is',
    async () => {
      await setBuyers(null);
      const { id } = await create(1, 'left');
      const before = { ...gateway(1).counts };
      const waiting = read(1, id, 25);
      await waitFor('the waiter', async () =>
        /^tolem_waiters(?:\{[^}]*\})? [1-9]/m.test((await pageOf('gateway', 1, '/metrics')).text),
      );
      expect(await house.house.stopService('gateway', 1)).toBe('code 0');
      expect(await waiting).toMatchObject({ id, status: 'requires_customer' });
      expect(countsSince(gateway(1).counts, before)).toMatchObject({ cut: 0, failed: 0 });
      // The code lives for 30 s: its buyer comes while the gateway is still away.
      const { provider } = await readRaw(id);
      for (const step of ['scan', 'confirm']) {
        await hand(`/kaspi/payments/${provider.id}/${step}`);
      }
      await house.house.startService('gateway', 1);
      expect(await paid(1, id)).toMatchObject({ status: 'succeeded' });
      await setBuyers({ scan_ms: 500, confirm_ms: 1_500 });
    },
    3 * ACROSS_MS,
  );
  const readRaw = async (id: string): Promise<{ provider: { id: string } }> =>
    JSON.parse((await gateway(2).request({ method: 'GET', path: `/v1/payments/${id}` })).text);

  it.each(ROLLED)(
    'fail no request while each %s is restarted in order under load, and the books agree',
    async (service) => {
      const result = await runDrill(rolled(service), {
        ...{ house, rate: 10, scale: SCALE, long: false, runId: 'roll', say: () => undefined },
      });
      process.stdout.write(`${drillLines(result).join('\n')}\n`);
      expect(result.differences).toEqual([]);
      expect(result.requests).toMatchObject({ broken: 0, unavailable: 0, timedOut: 0 });
      // A connection may close at the very moment in which a request sets out on it; tills repeat those, and they are few.
      expect(result.requests.cut).toBeLessThan(result.requests.requests / 20);
      expect(result.notes.filter((note) => note.includes('ended in order'))).toHaveLength(2);
      expect(result.succeeded).toBe(result.payments);
      expect(result.failures).toEqual([]);
    },
    ROLL_MS,
  );

  it(
    'are not ready while Kafka is away, and are again when it is back',
    async () => {
      const services = (['gateway', 'kaspi'] as const).flatMap((name) => [
        { name, replica: 1 },
        { name, replica: 2 },
      ]);
      const allAnswer = (status: number): Promise<boolean> =>
        waitFor(
          `${status} of everybody`,
          async () => {
            const answers = await Promise.all(services.map(({ name, replica }) => pageOf(name, replica, '/readyz')));
            return answers.every((answer) => answer.status === status);
          },
          BACK_MS,
        );
      await allAnswer(200);
      await house.house.stopStore('kafka', 'SIGKILL');
      await allAnswer(503);
      expect((await pageOf('kaspi', 1, '/livez')).status).toBe(200);
      await house.house.startStore('kafka');
      await allAnswer(200);
      expect(await paid(2, (await create(1, 'after')).id)).toMatchObject({ status: 'succeeded' });
    },
    3 * BACK_MS,
  );
});

describe('a service of its own', () => {
  it.each(['kaspi', 'gateway'])(
    'names every mistake of its configuration at once: %s',
    async (service) => {
      const child = spawn(process.execPath, [join(REPOSITORY, 'services', service, 'dist/main.js')], {
        env: {
          PATH: process.env['PATH'],
          TOLEM_REDIS_URL: 'http://secret-word@127.0.0.1',
          TOLEM_LOG_LEVEL: 'loud',
          [`TOLEM_${service.toUpperCase()}_POOL_SIZE`]: 'many',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const said: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
      const [code] = (await once(child, 'exit')) as [number | null];
      const text = Buffer.concat(said).toString('utf8');
      expect(code).toBe(1);
      for (const name of ['DATABASE_URL', 'POOL_SIZE'])
        expect(text).toContain(`TOLEM_${service.toUpperCase()}_${name}`);
      for (const name of ['MASTER_KEY', 'KAFKA_BROKERS', 'REDIS_URL', 'LOG_LEVEL'])
        expect(text).toContain(`TOLEM_${name}`);
      expect(text).not.toContain('secret-word');
      expect(text).not.toMatch(/\n\s+at /);
    },
    60_000,
  );
});
