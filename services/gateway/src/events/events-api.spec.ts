import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { idFromUuid } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { tellPayment } from '../payments/test/provider-facts.ts';
import { GatewayHarness, PROVIDER, type Shop } from '../test/gateway-harness.ts';
import type { ApiClient, Reply } from '../test/api-client.ts';
import { writeCursor } from './event-cursor.ts';
import { EventReaders } from './event-readers.ts';

const DAY_MS = 86_400_000;

let house: GatewayHarness;
let shop: Shop;
let stranger: Shop;
beforeAll(async () => {
  house = await GatewayHarness.start();
  shop = await house.onboard();
  stranger = await house.onboard();
});
afterAll(() => house.close());

async function pay(by: Shop = shop, reference?: string): Promise<string> {
  const made = await by.api.post('/v1/payments', {
    organization: by.organization,
    desk: `desk-of-${by.tenant.slice(-8)}`,
    trade_point: by.tradePoints[0],
    amount: 149_000,
    currency: PROVIDER.currency,
    method: { type: PROVIDER.methods[0]?.type },
    ...(reference === undefined ? {} : { reference }),
  });
  return made.string('/id');
}

/** Reads on until nothing is left; the events that were seen and where the reader stands. */
async function readOn(
  api: ApiClient,
  query: string,
  from?: string,
): Promise<{ events: Reply['body'][]; next: string }> {
  const events: Reply['body'][] = [];
  let after = from;
  for (;;) {
    const page = await api.get(`/v1/events?${query}${after === undefined ? '' : `&after=${after}`}`);
    if (page.status !== 200) throw new Error(page.text);
    events.push(...page.list());
    after = page.string('/next');
    if (page.at('/has_more') === false) return { events, next: after };
  }
}

/** The place after everything that has happened so far. */
const latest = async (api: ApiClient): Promise<string> => (await api.get('/v1/events?after=latest')).string('/next');

/** What is committed may be readable a moment later: other databases of this server write too. */
function eventually(what: string, api: ApiClient, query: string, count: number): Promise<Reply['body'][]> {
  return waitFor(what, async () => {
    const { events } = await readOn(api, query);
    return events.length >= count ? events : undefined;
  });
}

describe('reading events', () => {
  it('shows what happened to a payment in order, each as GET showed it then', async () => {
    const payment = await pay();
    tellPayment(house, payment, 1, 'succeeded', { provider_ref: 'ref-1', amount: 149_000 });
    const events = await eventually('two events', shop.api, `subject=${payment}`, 2);
    expect(events).toMatchObject([
      {
        object: 'event',
        type: 'payment.created',
        mode: 'test',
        data: { object: { id: payment, status: 'created', version: 1 } },
      },
      {
        object: 'event',
        type: 'payment.succeeded',
        data: { object: { id: payment, status: 'succeeded', version: 2 } },
      },
    ]);
    const [, paid] = events;
    const one = await shop.api.get(`/v1/events/${String(paid?.['id'])}`);
    expect(one.body).toEqual(paid);
    const now = await shop.api.get(`/v1/payments/${payment}`);
    expect(one.at('/data/object')).toEqual(now.body);
  });

  it('gives every event once, page by page, from the oldest on, and a place to go on from when there is nothing', async () => {
    const ids = [await pay(), await pay(), await pay()];
    await eventually('their events', shop.api, `subject=${ids[2]}`, 1);
    const { events, next } = await readOn(shop.api, 'limit=2&type=payment.created');
    const seen = events.map((event) => (event['data'] as { object: { id: string } }).object.id);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => ids.includes(id))).toEqual(ids);
    const nothing = await shop.api.get(`/v1/events?after=${next}`);
    expect(nothing.body).toMatchObject({ object: 'list', data: [], has_more: false, next: expect.any(String) });
  });

  it('begins with what happens from now on after `latest`', async () => {
    const before = await pay();
    await eventually('the event before', shop.api, `subject=${before}`, 1);
    const next = await latest(shop.api);
    const after = await pay();
    const { events } = await waitFor('the event after', async () => {
      const read = await readOn(shop.api, '', next);
      return read.events.length > 0 ? read : undefined;
    });
    expect(events).toMatchObject([{ data: { object: { id: after } } }]);
  });

  it('answers a waiting request at the next event of its own tenant, and at the end of the wait otherwise', async () => {
    await pay();
    await eventually('own events', shop.api, 'type=payment.created', 1);
    const next = await latest(shop.api);
    let isAnswered = false;
    const waiting = shop.api.get(`/v1/events?wait=30&after=${next}`).finally(() => (isAnswered = true));
    await waitFor('the waiting request', () => house.gateway.app.get(EventReaders).count === 1);
    await pay(stranger);
    expect(isAnswered).toBe(false);
    const payment = await pay();
    expect((await waiting).body).toMatchObject({
      data: [{ type: 'payment.created', data: { object: { id: payment } } }],
    });
    const empty = await shop.api.get(`/v1/events?wait=1&after=${await latest(shop.api)}`);
    expect(empty.body).toMatchObject({ data: [], has_more: false });
  });

  it('lets a filter through only what it names', async () => {
    const payment = await pay();
    tellPayment(house, payment, 1, 'declined');
    await eventually('its end', shop.api, `subject=${payment}&type=payment.declined`, 1);
    const types = async (query: string): Promise<unknown[]> =>
      (await readOn(shop.api, query)).events.map((event) => event['type']);
    expect(await types(`subject=${payment}&type=payment.created,payment.expired`)).toEqual(['payment.created']);
    expect(await types(`subject=${idFromUuid('pay', house.ids.uuid())}`)).toEqual([]);
  });

  it('tells of attention as GET shows it', async () => {
    const payment = await pay();
    tellPayment(house, payment, 1, 'unknown');
    await eventually('attention', shop.api, 'type=attention.opened', 1);
    const attention = (await shop.api.get(`/v1/attention?payment=${payment}`)).list()[0];
    const { events } = await readOn(shop.api, `subject=${String(attention?.['id'])}`);
    expect(events).toMatchObject([{ type: 'attention.opened', data: { object: attention } }]);
  });
});

describe('what a key may see of events', () => {
  it('nothing of another tenant, by list or by id', async () => {
    const payment = await pay();
    const [event] = await eventually('the event', shop.api, `subject=${payment}`, 1);
    expect((await readOn(stranger.api, `subject=${payment}`)).events).toEqual([]);
    expect(await stranger.api.get(`/v1/events/${String(event?.['id'])}`)).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
    expect(JSON.stringify((await readOn(stranger.api, '')).events)).not.toContain(shop.tenant);
  });

  it('only its organizations where it is limited to some', async () => {
    const other = await house.onboard({ tenant: shop });
    const key = await shop.api.post(`/v1/tenants/${shop.tenant}/api_keys`, {
      mode: 'test',
      scopes: ['payments:read'],
      organizations: [other.organization],
    });
    const api = house.api(key.string('/secret'));
    const [mine, theirs] = [await pay({ ...other, tenant: `${other.tenant}other` }), await pay()];
    const [foreign] = await eventually('both', shop.api, `subject=${theirs}`, 1);
    const seen = await eventually('its own', api, '', 1);
    expect(seen.map((event) => (event['data'] as { object: { id: string } }).object.id)).toEqual([mine]);
    expect((await api.get(`/v1/events/${String(foreign?.['id'])}`)).status).toBe(404);
  });

  it('nothing at all without the scope', async () => {
    const key = await shop.api.post(`/v1/tenants/${shop.tenant}/api_keys`, { mode: 'test', scopes: ['reports:read'] });
    const reply = await house.api(key.string('/secret')).get('/v1/events');
    expect(reply).toMatchObject({ status: 403, body: { code: 'scope_missing', scope: 'payments:read' } });
  });
});

describe('a cursor', () => {
  const at = (pointer: string) => expect.arrayContaining([expect.objectContaining({ pointer })]);

  it.each([
    ['?aftr=x', '?aftr', 'invalid_request'],
    ['?wait=31', '?wait', 'invalid_request'],
    ['?wait=soon', '?wait', 'invalid_request'],
    ['?limit=0', '?limit', 'invalid_request'],
    ['?type=payment.unheard_of', '?type/0', 'invalid_request'],
    ['?subject=org_1', '?subject', 'invalid_request'],
    ['?after=nonsense', '?after', 'invalid_cursor'],
  ])('in %s is refused with a pointer', async (query, pointer, code) => {
    const reply = await shop.api.get(`/v1/events${query}`);
    expect(reply).toMatchObject({ status: 400, body: { code, errors: at(pointer) } });
  });

  it('of another tenant or cut short is refused', async () => {
    const next = await latest(shop.api);
    for (const [api, cursor] of [
      [stranger.api, next],
      [shop.api, next.slice(0, -2)],
    ] as const) {
      const reply = await api.get(`/v1/events?after=${cursor}`);
      expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_cursor', errors: at('?after') } });
    }
  });

  it('older than 30 days has expired, and one of 29 days has not', async () => {
    const tenantId = String((await house.rows<{ id: string }>(`SELECT tenant_id AS id FROM event LIMIT 1`))[0]?.id);
    const owner = shop.tenant === idFromUuid('ten', tenantId) ? shop : stranger;
    const old = (days: number): string =>
      writeCursor({ tenantId, mode: 'test' }, { era: 1, txid: '1', seq: 0, atMs: Date.now() - days * DAY_MS });
    expect((await owner.api.get(`/v1/events?after=${old(29)}`)).status).toBe(200);
    const reply = await owner.api.get(`/v1/events?after=${old(31)}`);
    expect(reply).toMatchObject({
      status: 410,
      body: { code: 'cursor_expired', retryable: false, errors: at('?after') },
    });
  });

  it('of a database that was replaced by an older one has expired too', async () => {
    const tenantId = String((await house.rows<{ id: string }>(`SELECT tenant_id AS id FROM event LIMIT 1`))[0]?.id);
    const owner = shop.tenant === idFromUuid('ten', tenantId) ? shop : stranger;
    const ahead = writeCursor({ tenantId, mode: 'test' }, { era: 1, txid: '9000000000', seq: 0, atMs: Date.now() });
    expect(await owner.api.get(`/v1/events?after=${ahead}`)).toMatchObject({
      status: 410,
      body: { code: 'cursor_expired' },
    });
  });
});
