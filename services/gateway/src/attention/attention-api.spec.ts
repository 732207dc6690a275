import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { tellPayment } from '../payments/test/provider-facts.ts';
import type { ApiClient } from '../test/api-client.ts';
import { GatewayHarness, PROVIDER, type Shop } from '../test/gateway-harness.ts';
import { attentionViewSchema } from './attention.ts';
import { OpenWork } from './open-work.ts';

let house: GatewayHarness;
let shop: Shop;
beforeAll(async () => {
  house = await GatewayHarness.start();
  shop = await house.onboard();
});
afterAll(() => house.close());

const [METHOD] = PROVIDER.methods;
const BODY = { outcome: 'succeeded', reason: 'The bank shows the money', evidence: 'Statement, line 17\nand 18' };

const made = async (changes: Record<string, unknown> = {}): Promise<string> => {
  const reply = await shop.api.post('/v1/payments', {
    organization: shop.organization,
    desk: 'desk-01',
    trade_point: shop.tradePoints[0],
    amount: 149_000,
    currency: PROVIDER.currency,
    method: { type: METHOD?.type },
    ...changes,
  });
  return reply.string('/id');
};
const opened = async (payment: string): Promise<string> =>
  String(
    await waitFor('attention', async () => {
      const [row] = (await shop.api.get(`/v1/attention?status=open&payment=${payment}`)).list();
      return row?.['id'];
    }),
  );
/** A payment that nobody knows about, and its attention. */
const unknown = async (): Promise<{ payment: string; attention: string }> => {
  const payment = await made();
  tellPayment(house, payment, 1, 'unknown');
  return { payment, attention: await opened(payment) };
};
const late = async (): Promise<{ payment: string; attention: string }> => {
  const payment = await made();
  tellPayment(house, payment, 1, 'expired');
  await waitFor('the end', async () => (await shop.api.get(`/v1/payments/${payment}`)).at('/status') === 'expired');
  tellPayment(house, payment, 2, 'succeeded');
  return { payment, attention: await opened(payment) };
};
const keyWith = async (...scopes: string[]): Promise<ApiClient> => {
  const reply = await shop.api.post(`/v1/tenants/${shop.tenant}/api_keys`, { mode: 'test', scopes });
  return house.api(reply.string('/secret'));
};

describe('POST /v1/attention/{id}/resolve', () => {
  it('settles an unknown payment: the answer, the till, the waiter and the audit log', async () => {
    const { payment, attention } = await unknown();
    expect((await shop.api.get(`/v1/payments/${payment}`)).at('/till/screen')).toBe('call_admin');
    const waiting = shop.api.get(`/v1/payments/${payment}?wait=20`);
    const resolver = await keyWith('attention:write');
    const resolved = await resolver.post(`/v1/attention/${attention}/resolve`, BODY);
    expect(resolved.status).toBe(200);
    expect(attentionViewSchema.strict().parse(resolved.body)).toMatchObject({
      id: attention,
      status: 'closed',
      kind: 'unknown',
      payment,
      closed_by: expect.stringMatching(/^key_/),
      closed_at: expect.any(String),
      ...BODY,
    });
    expect((await waiting).body).toMatchObject({
      status: 'succeeded',
      resolution: { attention, outcome: 'succeeded', confirmed: false },
      till: { screen: 'paid', hand_over_goods: true },
    });
    const [entry] = (await shop.api.get('/v1/audit_log')).list();
    expect(entry).toMatchObject({
      action: 'attention.resolve',
      subject: attention,
      api_key: resolved.at('/closed_by'),
      mode: 'test',
      detail: { payment, kind: 'unknown', ...BODY },
    });
    expect((await shop.api.post(`/v1/attention/${attention}/resolve`, BODY)).body).toEqual(resolved.body);
    expect(await shop.api.post(`/v1/attention/${attention}/resolve`, { ...BODY, outcome: 'failed' })).toMatchObject({
      status: 409,
      body: { code: 'attention_closed', attention: { id: attention, outcome: 'succeeded' } },
    });
  });

  it('answers 422 with what is possible', async () => {
    const { attention } = await late();
    expect(await shop.api.post(`/v1/attention/${attention}/resolve`, BODY)).toMatchObject({
      status: 422,
      body: { code: 'outcome_not_possible', errors: [{ pointer: '/outcome' }] },
    });
  });

  it('may be the operator’s work', async () => {
    const { payment, attention } = await unknown();
    expect((await house.operator.get(`/v1/attention/${attention}`)).at('/tenant')).toBe(shop.tenant);
    const resolved = await house.operator.post(`/v1/attention/${attention}/resolve`, { ...BODY, outcome: 'failed' });
    expect(resolved).toMatchObject({ status: 200, body: { closed_by: 'operator', outcome: 'failed' } });
    expect((await shop.api.get(`/v1/payments/${payment}`)).body).toMatchObject({
      status: 'failed',
      failure: { code: 'resolved_by_person' },
    });
    const [entry] = (await shop.api.get('/v1/audit_log')).list();
    expect(entry).toMatchObject({ action: 'attention.resolve', actor: 'operator', tenant: shop.tenant, mode: 'test' });
  });

  it.each([
    ['no reason', { outcome: 'failed' }, '/reason'],
    ['a reason of blanks', { ...BODY, reason: '   ' }, '/reason'],
    ['a reason with a zero byte', { ...BODY, reason: 'a\u0000' }, '/reason'],
    ['no outcome', { reason: 'x' }, '/outcome'],
    ['an outcome that only a provider tells', { ...BODY, outcome: 'expired' }, '/outcome'],
    ['evidence of 2001 characters', { ...BODY, evidence: 'x'.repeat(2001) }, '/evidence'],
    ['evidence with a zero byte', { ...BODY, evidence: '\u0000' }, '/evidence'],
    ['half a character of evidence', { ...BODY, evidence: '\ud800' }, '/evidence'],
    ['an unknown field', { ...BODY, amount: 1 }, '/amount'],
  ])('answers 400 for %s', async (_, body, pointer) => {
    const { attention } = await unknown();
    const reply = await shop.api.post(`/v1/attention/${attention}/resolve`, body);
    expect({ status: reply.status, pointer: reply.at('/errors/0/pointer') }).toEqual({ status: 400, pointer });
    expect((await shop.api.get(`/v1/attention/${attention}`)).at('/status')).toBe('open');
  });

  it('needs a scope of its own', async () => {
    const { attention } = await unknown();
    const payments = await keyWith('payments:read', 'payments:write', 'refunds:write', 'organizations:write');
    expect((await payments.get(`/v1/attention/${attention}`)).status).toBe(200);
    expect(await payments.post(`/v1/attention/${attention}/resolve`, BODY)).toMatchObject({
      status: 403,
      body: { code: 'scope_missing' },
    });
    expect((await (await keyWith('attention:write')).get('/v1/attention')).status).toBe(200);
    expect((await (await keyWith('reports:read')).get('/v1/attention')).status).toBe(403);
  });

  it('knows no attention that is none', async () => {
    for (const id of [`att_${'0'.repeat(26)}`, 'att_1', 'pay_00000000000000000000000000'])
      expect((await shop.api.post(`/v1/attention/${id}/resolve`, BODY)).status).toBe(404);
  });
});

describe('GET /v1/attention', () => {
  it('filters by status, kind, organization and payment, and pages from the newest on', async () => {
    const [open, closed, money] = [await unknown(), await unknown(), await late()];
    await shop.api.post(`/v1/attention/${closed.attention}/resolve`, BODY);
    const ids = async (query: string): Promise<unknown[]> =>
      (await shop.api.get(`/v1/attention?limit=100&${query}`)).list().map((row) => row['id']);
    expect((await ids('')).slice(0, 3)).toEqual([money.attention, closed.attention, open.attention]);
    expect(await ids('status=open')).toEqual(expect.arrayContaining([open.attention, money.attention]));
    expect(await ids('status=open')).not.toContain(closed.attention);
    expect((await ids('status=closed'))[0]).toBe(closed.attention);
    expect((await ids('kind=late'))[0]).toBe(money.attention);
    expect(await ids('kind=late')).not.toContain(open.attention);
    expect(await ids(`payment=${open.payment}`)).toEqual([open.attention]);
    expect(await ids(`organization=${shop.organization}`)).toEqual(await ids(''));

    const all = await ids('');
    const paged: unknown[] = [];
    for (let next: unknown = ''; next !== null;) {
      const page = await shop.api.get(`/v1/attention?limit=2${next === '' ? '' : `&after=${String(next)}`}`);
      paged.push(...page.list().map((row) => row['id']));
      next = page.at('/next');
    }
    expect(paged).toEqual(all);
  });

  it.each([
    ['status=old', 400],
    ['kind=boring', 400],
    ['limit=0', 400],
    ['after=!', 400],
    ['page=2', 400],
    ['payment=pay_1', 404],
    ['organization=org_1', 404],
  ])('answers ?%s with %i', async (query, status) => {
    expect((await shop.api.get(`/v1/attention?${query}`)).status).toBe(status);
  });

  it('shows a key of one organization nothing of another', async () => {
    const { attention } = await unknown();
    const { organization } = await house.organization(shop.api);
    const reply = await shop.api.post(`/v1/tenants/${shop.tenant}/api_keys`, {
      mode: 'test',
      scopes: ['payments:read', 'attention:write'],
      organizations: [organization],
    });
    const limited = house.api(reply.string('/secret'));
    expect((await limited.get('/v1/attention')).list()).toEqual([]);
    expect((await limited.get(`/v1/attention/${attention}`)).status).toBe(404);
    expect((await limited.post(`/v1/attention/${attention}/resolve`, BODY)).status).toBe(404);
  });

  it('is what metrics count', async () => {
    const before = (await shop.api.get('/v1/attention?limit=100&status=open&kind=unknown')).list().length;
    const counts = await house.gateway.app.get(OpenWork).attentionCounts();
    expect(counts.find(({ kind }) => kind === 'unknown')?.open).toBe(before);
  });
});
