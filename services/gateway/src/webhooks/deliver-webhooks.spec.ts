import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { idFromUuid } from '@tolem/domain';
import { startTracing } from '@tolem/observability';
import { answerWith, isSignedWith, waitFor, WebhookReceiver } from '@tolem/testing';
import { PaymentHouse, type Shop } from '../payments/test/payment-house.ts';
import { type DeliveryState, WebhookHouse } from './test/webhook-house.ts';
import type { WebhookSettings } from './webhook-settings.ts';

const HOUR_MS = 3_600_000;

let house: PaymentHouse;
let shop: Shop;
let receiver: WebhookReceiver;
let running: WebhookHouse[];
beforeAll(async () => {
  house = await PaymentHouse.open();
});
afterAll(() => house.close());
beforeEach(async () => {
  shop = await house.shop();
  receiver = await WebhookReceiver.start();
  running = [];
});
afterEach(async () => {
  // Nothing of this spec is left for the next one.
  receiver.answers(answerWith(204));
  for (const one of running) await one.stop();
  await receiver.close();
  await house.rows(
    `UPDATE webhook_endpoint SET enabled = false, disabled_reason = coalesce(disabled_reason, 'by_request')`,
  );
});

function replica(settings: Partial<WebhookSettings> = {}): WebhookHouse {
  const made = new WebhookHouse(house, settings);
  running.push(made);
  return made;
}

async function pay(count = 1, by = shop): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push((await house.pay(by)).body.id);
  return ids;
}

/** The one delivery of an endpoint, once it is as wanted. */
function delivery(
  at: WebhookHouse,
  endpoint: string,
  isWanted: (row: DeliveryState) => boolean,
): Promise<DeliveryState> {
  return waitFor('the delivery', async () => {
    const [row] = await at.deliveries(endpoint);
    return row !== undefined && isWanted(row) ? row : undefined;
  });
}

const isSettled = (attempts: number) => (row: DeliveryState) => row.attempts === attempts && row.lease_until === null;

describe('delivering events', () => {
  it('sends each event once to the endpoint of its tenant and mode that wants its type, and to no other', async () => {
    const at = replica().start();
    const other = await WebhookReceiver.start();
    const stranger = await house.shop();
    const { id, secret } = await at.endpoint(shop.caller.tenantId, receiver.url, [
      'payment.created',
      'payment.declined',
    ]);
    await at.endpoint(stranger.caller.tenantId, other.url);
    const [payment = ''] = await pay();
    await house.tell({ payment, seq: 1, phase: 'requires_customer' });
    await house.tell({ payment, seq: 2, phase: 'declined' });
    await waitFor('two webhooks', () => receiver.received.length === 2);
    await waitFor('their results', async () => (await at.deliveries(id)).every(({ state }) => state === 'delivered'));
    expect(receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type).sort()).toEqual([
      'payment.created',
      'payment.declined',
    ]);
    for (const webhook of receiver.received) expect(isSignedWith(secret, webhook)).toBe(true);
    expect(other.received).toEqual([]);
    await other.close();
  });

  it('writes nothing for a tenant without an endpoint', async () => {
    const before = await house.count('webhook_delivery');
    await pay(3);
    expect(await house.count('webhook_delivery')).toBe(before);
  });

  it('tries again after a pause, under the same id, and forgets the trouble when it is over', async () => {
    const at = replica().start();
    receiver.answers(answerWith(500));
    const { id } = await at.endpoint(shop.caller.tenantId, receiver.url, ['payment.created']);
    await pay();
    const failed = await delivery(at, id, isSettled(1));
    expect(failed).toMatchObject({ state: 'pending', last_status: 500, last_error: 'http_status' });
    const pauseMs = failed.next_at.getTime() - house.clock.now();
    expect(pauseMs).toBeGreaterThanOrEqual(5_000);
    expect(pauseMs).toBeLessThanOrEqual(5_500);
    expect((await at.state(id))?.failing_since).not.toBeNull();
    receiver.answers(answerWith(204));
    house.clock.advance(pauseMs);
    expect(await delivery(at, id, ({ state }) => state === 'delivered')).toMatchObject({
      attempts: 2,
      last_status: 204,
      last_error: null,
    });
    const [first, second] = receiver.received;
    expect(receiver.received).toHaveLength(2);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(Number(second?.headers['webhook-timestamp'])).toBeGreaterThan(Number(first?.headers['webhook-timestamp']));
    expect((await at.state(id))?.failing_since).toBeNull();
  });

  it('waits as long as a receiver with too much to do asks for', async () => {
    const at = replica().start();
    receiver.answers(answerWith(429, { 'retry-after': '600' }));
    const { id } = await at.endpoint(shop.caller.tenantId, receiver.url, ['payment.created']);
    await pay();
    const failed = await delivery(at, id, isSettled(1));
    expect(failed.next_at.getTime() - house.clock.now()).toBe(600_000);
  });

  it.each([
    ['hangs', () => undefined, 'timeout', null],
    [
      'hangs up',
      (_: unknown, __: unknown, socket: { destroy(): unknown }) => void socket.destroy(),
      'connection',
      null,
    ],
    ['redirects into the house', answerWith(302, { location: 'http://127.0.0.1:9/' }), 'redirect', 302],
  ] as const)('notes why where a receiver %s', async (_, script, error, status) => {
    const at = replica({ timeoutMs: 50 }).start();
    receiver.answers(script);
    const { id } = await at.endpoint(shop.caller.tenantId, receiver.url, ['payment.created']);
    await pay();
    expect(await delivery(at, id, isSettled(1))).toMatchObject({
      state: 'pending',
      last_error: error,
      last_status: status,
    });
  });

  it('gives an event up after 12 attempts in 3 days, switches the endpoint off and says so in an event', async () => {
    const at = replica().start();
    receiver.answers(answerWith(500));
    const { id } = await at.endpoint(shop.caller.tenantId, receiver.url, ['payment.created']);
    const begunMs = house.clock.now();
    await pay();
    for (let attempt = 1; attempt < 12; attempt += 1) {
      const { next_at: nextAt } = await delivery(at, id, isSettled(attempt));
      expect((await at.state(id))?.enabled).toBe(true);
      house.clock.advance(nextAt.getTime() - house.clock.now());
    }
    expect(await delivery(at, id, ({ state }) => state === 'failed')).toMatchObject({ attempts: 12, last_status: 500 });
    expect(house.clock.now() - begunMs).toBeGreaterThanOrEqual(72 * HOUR_MS);
    expect(await at.state(id)).toMatchObject({ enabled: false, disabled_reason: 'failing' });
    const events = await house.rows(
      `SELECT type, snapshot ->> 'disabled_reason' AS reason, snapshot ? 'secret' AS leaks FROM event WHERE subject = $1`,
      [id],
    );
    expect(events).toEqual([{ type: 'webhook_endpoint.disabled', reason: 'failing', leaks: false }]);
    expect(at.logLines.join('')).toContain('switched off');
    // Whatever happens from now on is not for it any more.
    await pay();
    expect(await at.deliveries(id)).toHaveLength(1);
  });

  it('does not switch off an endpoint through which something gets now and then', async () => {
    const at = replica().start();
    let sick: string | undefined;
    receiver.answers(({ headers }, response) => {
      sick ??= headers['webhook-id'];
      response.writeHead(headers['webhook-id'] === sick ? 500 : 204).end();
    });
    const { id } = await at.endpoint(shop.caller.tenantId, receiver.url, ['payment.created']);
    await pay();
    for (let attempt = 1; attempt < 12; attempt += 1) {
      const { next_at: nextAt } = await delivery(at, id, isSettled(attempt));
      await pay();
      await waitFor('the healthy one', async () =>
        (await at.deliveries(id)).slice(1).every(({ state }) => state === 'delivered'),
      );
      house.clock.advance(Math.max(0, nextAt.getTime() - house.clock.now()));
    }
    expect(await delivery(at, id, ({ state }) => state === 'failed')).toMatchObject({ attempts: 12 });
    expect((await at.state(id))?.enabled).toBe(true);
  });

  it('switches an endpoint off that answers 410, and gives up what waits for it', async () => {
    const at = replica({ concurrency: 1, heldPerEndpoint: 1 }).start();
    receiver.answers(answerWith(410));
    const { id } = await at.endpoint(shop.caller.tenantId, receiver.url, ['payment.created']);
    await pay(3);
    await waitFor('the end of it', async () => (await at.state(id))?.enabled === false);
    expect(await at.state(id)).toMatchObject({ disabled_reason: 'gone' });
    await waitFor('nothing held', () => at.deliver.held === 0);
    const sent = receiver.received.length;
    await at.clear.clearOnce();
    const rows = await at.deliveries(id);
    expect(rows.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed']);
    expect(rows.filter(({ last_error: error }) => error === 'endpoint_disabled')).toHaveLength(3 - sent);
  });
});

describe('several endpoints and several processes', () => {
  it('a slow endpoint holds its own share of requests and nobody else’s', async () => {
    const at = replica({ concurrency: 2, heldPerEndpoint: 4 }).start();
    const slow = await WebhookReceiver.start();
    slow.answers(() => undefined);
    const stranger = await house.shop();
    const [{ id: slowId }, { id }] = [
      await at.endpoint(stranger.caller.tenantId, slow.url, ['payment.created']),
      await at.endpoint(shop.caller.tenantId, receiver.url, ['payment.created']),
    ];
    await pay(10, stranger);
    await waitFor('the slow one busy', () => slow.received.length === 2);
    await pay(10);
    await waitFor('the others', () => receiver.received.length === 10);
    expect(slow.mostOpen).toBe(2);
    expect((await at.deliveries(slowId)).filter(({ lease_until: lease }) => lease !== null).length).toBeLessThanOrEqual(
      4,
    );
    await waitFor('their results', async () => (await at.deliveries(id)).every(({ state }) => state === 'delivered'));
    await slow.close();
  });

  it('slow endpoints with a backlog, however many, leave room for those that have nothing under way', async () => {
    const at = replica({ held: 40, heldPerEndpoint: 4, concurrency: 60 });
    const slow = await WebhookReceiver.start();
    const answers: (() => void)[] = [];
    slow.answers((_, response) => void answers.push(() => void response.writeHead(200).end()));
    for (let n = 0; n < 20; n += 1) {
      const stranger = await house.shop();
      await at.endpoint(stranger.caller.tenantId, slow.url, ['payment.created']);
      await pay(3, stranger);
    }
    at.start();
    await waitFor('no room', () => slow.received.length === 40 && at.deliver.held === 40);
    // Older and younger than the others: in whatever order endpoints are looked at, one of the two is the last.
    for (const quick of [shop, await house.shop()]) {
      await at.endpoint(quick.caller.tenantId, receiver.url, ['payment.created']);
      await pay(1, quick);
    }
    for (const each of answers.splice(0, 2)) each();
    await waitFor('the quick ones', () => receiver.received.length === 2);
    slow.answers(answerWith(200));
    for (const each of answers) each();
    await at.stop();
    await slow.close();
  });

  it('processes side by side deliver each event once', async () => {
    const [one, two, three] = [replica().start(), replica().start(), replica().start()];
    const { id } = await one.endpoint(shop.caller.tenantId, receiver.url, ['payment.created']);
    await pay(60);
    await waitFor('all results', async () => {
      const rows = await two.deliveries(id);
      return rows.length === 60 && rows.every(({ state }) => state === 'delivered');
    });
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids).toHaveLength(60);
    expect(new Set(ids).size).toBe(60);
    expect(three.logLines).toEqual([]);
  });

  it('what a dead process held is delivered by another one when its lease is over, not before', async () => {
    const dead = replica();
    const { id } = await dead.endpoint(shop.caller.tenantId, receiver.url, ['payment.created']);
    await pay();
    expect(await dead.store.take(10)).toMatchObject([{ endpoint: id, attempt: 1 }]);
    const at = replica();
    expect(await at.store.take(10)).toEqual([]);
    house.clock.advance(dead.settings.leaseMs);
    at.start();
    expect(await delivery(at, id, ({ state }) => state === 'delivered')).toMatchObject({ attempts: 2 });
    expect(receiver.received).toHaveLength(1);
  });

  it('a process that slept past its lease overwrites nothing, but that it did deliver counts', async () => {
    const [sleeper, other] = [replica(), replica()];
    const { id } = await sleeper.endpoint(shop.caller.tenantId, receiver.url, ['payment.created']);
    await pay();
    const [slept] = await sleeper.store.take(10);
    house.clock.advance(sleeper.settings.leaseMs);
    const [taken] = await other.store.take(10);
    if (slept === undefined || taken === undefined) throw new Error('nothing was taken');
    const result = {
      endpoint: id,
      event: slept.event,
      attempt: slept.attempt,
      status: 500,
      error: 'http_status',
      wait_ms: 5_000,
    } as const;
    await sleeper.store.settle([{ ...result, outcome: 'retry' }]);
    expect(await other.deliveries(id)).toMatchObject([
      { state: 'pending', attempts: 2, lease_until: expect.any(Date) },
    ]);
    await sleeper.store.settle([{ ...result, outcome: 'delivered', status: 204, error: null }]);
    expect(await other.deliveries(id)).toMatchObject([{ state: 'delivered', last_status: 204 }]);
    await other.store.settle([{ ...result, attempt: taken.attempt, outcome: 'failed' }]);
    expect(await other.deliveries(id)).toMatchObject([{ state: 'delivered', last_status: 204 }]);
  });
});

describe('the end of a process', () => {
  it('finishes what is under way and gives back what was not begun', async () => {
    const at = replica({ concurrency: 1 }).start();
    const answers: (() => void)[] = [];
    receiver.answers((_, response) => void answers.push(() => void response.writeHead(204).end()));
    const { id } = await at.endpoint(shop.caller.tenantId, receiver.url, ['payment.created']);
    await pay(3);
    await waitFor('one under way and two behind it', () => answers.length === 1 && at.deliver.held === 3);
    const stopped = at.stop();
    answers[0]?.();
    await stopped;
    expect(receiver.received).toHaveLength(1);
    const rows = await at.deliveries(id);
    expect(rows.map(({ state, attempts, lease_until: lease }) => ({ state, attempts, lease }))).toEqual([
      { state: 'delivered', attempts: 1, lease: null },
      { state: 'pending', attempts: 0, lease: null },
      { state: 'pending', attempts: 0, lease: null },
    ]);
  });

  it('breaks off what takes too long, and the next process begins it anew', async () => {
    const at = replica({ drainMs: 10 }).start();
    receiver.answers(() => undefined);
    const { id } = await at.endpoint(shop.caller.tenantId, receiver.url, ['payment.created']);
    await pay();
    await waitFor('a request under way', () => receiver.received.length === 1);
    await at.stop();
    expect(await at.deliveries(id)).toMatchObject([{ state: 'pending', attempts: 0, lease_until: null }]);
    receiver.answers(answerWith(204));
    const next = replica().start();
    await delivery(next, id, ({ state }) => state === 'delivered');
  });
});

describe('the trace of a payment', () => {
  it('goes on in the delivery of its event, where this process saw the change', async () => {
    const spans: { name: string; traceId: string }[] = [];
    const tracing = startTracing({
      service: 'gateway',
      processors: [
        {
          onStart: () => undefined,
          onEnd: (span) => void spans.push({ name: span.name, traceId: span.spanContext().traceId }),
          forceFlush: () => Promise.resolve(),
          shutdown: () => Promise.resolve(),
        },
      ],
    });
    try {
      const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
      const at = replica();
      await at.endpoint(shop.caller.tenantId, receiver.url, ['payment.created']);
      const [payment = ''] = await pay();
      const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
      at.bell.published([
        { id: 'x', topic: 't', consumer: '', key: payment, body: null, headers: { ce_subject: payment, traceparent } },
      ]);
      at.start();
      await waitFor('the webhook', () => receiver.received.length === 1);
      expect(receiver.received[0]?.headers['traceparent']).toContain(trace);
      await waitFor('the span', () => spans.some((span) => span.name === 'webhook.deliver' && span.traceId === trace));
      expect(
        idFromUuid(
          'evt',
          (await house.rows<{ id: string }>('SELECT id FROM event ORDER BY seq DESC LIMIT 1'))[0]?.id ?? '',
        ),
      ).toBe(receiver.received[0]?.headers['webhook-id']);
    } finally {
      await tracing.stop();
    }
  });
});
