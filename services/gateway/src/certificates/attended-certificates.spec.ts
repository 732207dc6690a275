import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { attentionViewSchema } from '../attention/attention.ts';
import type { ApiClient } from '../test/api-client.ts';
import { testCertificate } from '../test/certificate.ts';
import { GatewayHarness, PROVIDER, SCHEME } from '../test/gateway-harness.ts';
import { EndingCertificates } from './ending-certificates.ts';
import { StandInService } from './test/stand-in-service.ts';

const OWN = PROVIDER.schemes.find(({ credential }) => credential === 'own_certificate')?.name ?? '';
const DAY_MS = 86_400_000;

let house: GatewayHarness;
let clock: ManualClock;
let ending: EndingCertificates;
let service: StandInService;
let tenant: { tenant: string; api: ApiClient };

beforeAll(async () => {
  clock = new ManualClock(Date.UTC(2026, 0, 1));
  house = await GatewayHarness.start({ clock });
  ending = house.gateway.app.get(EndingCertificates);
  service = new StandInService(house);
  tenant = await house.tenant();
});
afterAll(() => house.close());

const endsIn = (days: number) => testCertificate({ notAfter: new Date(clock.now() + days * DAY_MS) });
async function bring(days: number, by: ApiClient = tenant.api, scheme = OWN): Promise<string> {
  const body = { provider: PROVIDER.name, scheme, name: 'Shops', ...endsIn(days) };
  return (await by.post('/v1/certificates', body)).string('/id');
}
/** What is and was on a list about a certificate, the newest first. */
async function listed(certificate: string, by: ApiClient = tenant.api): Promise<Record<string, unknown>[]> {
  const page = await by.get('/v1/attention?kind=certificate_expiring&limit=100');
  return page.list().filter((row) => row['certificate'] === certificate);
}
/** What the events of a type show of a certificate; a reader may hear of them a moment after the commit. */
async function told(type: string, certificate: string): Promise<object[]> {
  return waitFor(`${type} of ${certificate}`, async () => {
    const events = (await tenant.api.get(`/v1/events?type=${type}&limit=100`)).list();
    const objects = events.map(({ data }) => (data as { object: Record<string, unknown> }).object);
    const own = objects.filter((object) => object['certificate'] === certificate);
    return own.length > 0 ? own : undefined;
  });
}
const lookThrice = () => Promise.all([1, 2, 3].map(() => ending.tellOnce()));

describe('a certificate with seven days left', () => {
  it('is on its tenant’s list once, however many look and how often, with what to do in three languages', async () => {
    const certificate = await bring(8);
    await lookThrice();
    expect(await listed(certificate)).toEqual([]);
    clock.advance(DAY_MS);
    await lookThrice();
    await lookThrice();
    const [item, ...more] = await listed(certificate);
    expect(more).toEqual([]);
    expect(attentionViewSchema.strict().parse(item)).toMatchObject({
      status: 'open',
      kind: 'certificate_expiring',
      tenant: tenant.tenant,
      mode: 'test',
      organization: null,
      payment: null,
      refund: null,
      certificate,
      text: { ru: expect.stringMatching(/сертификат/), kk: expect.any(String), en: expect.stringMatching(/replace/) },
      details: {
        name: 'Shops',
        scheme: OWN,
        version: 1,
        days_left: 7,
        not_after: new Date(clock.now() + 7 * DAY_MS).toISOString().replace('.000', ''),
      },
    });
    expect(await listed(certificate, house.operator)).toEqual([item]);
    expect(await listed(certificate, (await house.tenant()).api)).toEqual([]);
    expect(await told('attention.opened', certificate)).toMatchObject([item]);
  });

  it('goes from the list by itself when another version is in use, and comes back when that one ends', async () => {
    const certificate = await bring(5);
    await ending.tellOnce();
    service.tell(certificate, { version: 1, state: 'active' });
    service.tell(certificate, { version: 2, state: 'active', certificate: endsIn(20).certificate });
    await waitFor('the list to be empty', async () => (await listed(certificate))[0]?.['status'] === 'closed');
    expect(await listed(certificate)).toMatchObject([{ closed_by: 'system', outcome: 'replaced', reason: null }]);
    expect(await told('attention.closed', certificate)).toMatchObject([{ outcome: 'replaced' }]);
    await lookThrice();
    expect(await listed(certificate)).toHaveLength(1);
    clock.advance(14 * DAY_MS);
    await lookThrice();
    expect(await listed(certificate)).toMatchObject([
      { status: 'open', details: { version: 2 } },
      { status: 'closed', details: { version: 1 } },
    ]);
  });

  it('stays on the list as long as only its own version is told of again', async () => {
    const certificate = await bring(5);
    await ending.tellOnce();
    service.tell(certificate, { version: 1, state: 'active' });
    const other = await bring(5);
    service.tell(other, { version: 2, state: 'active', certificate: endsIn(70).certificate });
    await waitFor(
      'what was told after it',
      async () => (await tenant.api.get(`/v1/certificates/${other}`)).at('/active_version') === 2,
    );
    expect(await listed(certificate)).toMatchObject([{ status: 'open' }]);
  });

  it('goes from the list when another certificate has taken its pair over', async () => {
    const [certificate, source] = [await bring(5), await bring(6)];
    await ending.tellOnce();
    const replaced = await tenant.api.post(`/v1/certificates/${certificate}/replace`, { request: source });
    expect(replaced.at('/replace')).toMatchObject({ version: 2, status: 'pending' });
    expect([...(await listed(certificate)), ...(await listed(source))]).toMatchObject([
      { status: 'open' },
      { status: 'open' },
    ]);
    service.tell(certificate, { version: 2, state: 'active', certificate: endsIn(300).certificate });
    for (const gone of [certificate, source])
      await waitFor('its end', async () => (await listed(gone))[0]?.['outcome'] === 'replaced');
    await lookThrice();
    expect([...(await listed(certificate)), ...(await listed(source))]).toHaveLength(2);
  });

  it('that somebody has acknowledged is asked about once more when one day is left', async () => {
    const certificate = await bring(7);
    await ending.tellOnce();
    const [item] = await listed(certificate);
    const path = `/v1/attention/${String(item?.['id'])}/resolve`;
    const said = { outcome: 'acknowledged', reason: 'The bank was asked for another one' };
    expect(await tenant.api.post(path, { ...said, outcome: 'succeeded' })).toMatchObject({
      status: 422,
      body: { code: 'outcome_not_possible' },
    });
    expect(await tenant.api.post(path, said)).toMatchObject({ status: 200, body: { status: 'closed', certificate } });
    const [entry] = (await tenant.api.get('/v1/audit_log')).list();
    expect(entry).toMatchObject({ action: 'attention.resolve', detail: { payment: null, certificate } });
    clock.advance(5 * DAY_MS);
    await lookThrice();
    expect(await listed(certificate)).toHaveLength(1);
    clock.advance(DAY_MS);
    await lookThrice();
    clock.advance(3 * DAY_MS);
    await lookThrice();
    expect(await listed(certificate)).toMatchObject([
      { status: 'open', details: { days_left: 1 } },
      { outcome: 'acknowledged' },
    ]);
  });

  it('that is shared is on the operator’s list alone', async () => {
    const certificate = await bring(5, house.operator, SCHEME);
    const shop = await house.onboard();
    await house.grant(certificate, shop.tenant, [shop.taxId]);
    await shop.api.patch(`/v1/connections/${shop.connection}`, { certificate });
    await lookThrice();
    const [item, ...more] = await listed(certificate, house.operator);
    expect(more).toEqual([]);
    expect(item).toMatchObject({ status: 'open', tenant: null, mode: null, organization: null, certificate });
    expect((await shop.api.get('/v1/attention')).list()).toEqual([]);
    const path = `/v1/attention/${String(item?.['id'])}`;
    const said = { outcome: 'acknowledged', reason: 'Seen' };
    expect((await shop.api.get(path)).status).toBe(404);
    expect((await shop.api.post(`${path}/resolve`, said)).status).toBe(404);
    expect(await house.operator.post(`${path}/resolve`, said)).toMatchObject({
      status: 200,
      body: { closed_by: 'operator', outcome: 'acknowledged' },
    });
  });

  it('is nothing for a key that is limited to some organizations', async () => {
    const certificate = await bring(5);
    await ending.tellOnce();
    const { organization } = await house.organization(tenant.api);
    const made = await tenant.api.post(`/v1/tenants/${tenant.tenant}/api_keys`, {
      mode: 'test',
      scopes: ['payments:read', 'attention:write'],
      organizations: [organization],
    });
    const limited = house.api(made.string('/secret'));
    const [item] = await listed(certificate);
    const path = `/v1/attention/${String(item?.['id'])}`;
    expect(await listed(certificate, limited)).toEqual([]);
    expect((await limited.get(path)).status).toBe(404);
    expect((await limited.post(`${path}/resolve`, { outcome: 'acknowledged', reason: 'Seen' })).status).toBe(404);
  });
});
