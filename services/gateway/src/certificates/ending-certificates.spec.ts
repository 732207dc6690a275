import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import { Metrics } from '@tolem/observability';
import { waitFor } from '@tolem/testing';
import { GatewayHarness, PROVIDER, SCHEME } from '../test/gateway-harness.ts';
import { testCertificate } from '../test/certificate.ts';
import { EndingCertificates, watchCertificates } from './ending-certificates.ts';
import { StandInService } from './test/stand-in-service.ts';

const START = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

let house: GatewayHarness;
let clock: ManualClock;
let ending: EndingCertificates;
let service: StandInService;

beforeAll(async () => {
  clock = new ManualClock(START);
  house = await GatewayHarness.start({ clock });
  ending = house.gateway.app.get(EndingCertificates);
  service = new StandInService(house);
});
afterAll(() => house.close());

const endsIn = (days: number) => testCertificate({ notAfter: new Date(clock.now() + days * DAY_MS) });
async function bring(days: number): Promise<string> {
  const body = { provider: PROVIDER.name, scheme: SCHEME, name: `ends in ${days} days`, ...endsIn(days) };
  return (await house.operator.post('/v1/certificates', body)).string('/id');
}
/** Days that were told, per certificate, to all who were told. */
async function toldOf(certificate: string): Promise<number[]> {
  const rows = await house.rows<{ days: number }>(
    `SELECT (snapshot->>'days_left')::int AS days FROM event WHERE type = 'certificate.expiring'
        AND public_id('crt', subject) = $1 ORDER BY seq`,
    [certificate],
  );
  return rows.map(({ days }) => days);
}

describe('a certificate that ends soon', () => {
  it('is told of at 60, 30, 7 and 1 days, once each, however many look and how often', async () => {
    const shop = await house.onboard();
    let first: unknown;
    const certificate = await bring(61);
    await house.grant(certificate, shop.tenant, [shop.taxId]);
    await shop.api.patch(`/v1/connections/${shop.connection}`, { certificate });
    const expiring = async () => (await shop.api.get('/v1/events?type=certificate.expiring')).list();
    const told = new Map<string, number>();
    const listen = async (): Promise<void> => {
      for (const event of await expiring()) {
        const { days_left: left } = (event['data'] as { object: { days_left: number } }).object;
        told.set(String(event['id']), left);
        first ??= event;
      }
    };
    // Day by day, because an event is cleared away when it is 30 days old.
    for (let day = 0; day <= 62; day += 1) {
      await Promise.all([1, 2, 3].map(() => ending.tellOnce()));
      await listen();
      clock.advance(DAY_MS);
    }
    await waitFor('the last one to be told', async () => {
      await listen();
      return told.size >= 4;
    });
    expect([...told.values()]).toEqual([60, 30, 7, 1]);
    expect(first).toMatchObject({
      type: 'certificate.expiring',
      data: { object: { id: certificate, object: 'certificate', shared: true, days_left: 60, version: 1 } },
    });
    const stranger = await house.tenant();
    expect((await stranger.api.get('/v1/events?type=certificate.expiring')).list()).toEqual([]);
    expect(house.logLines.filter((line) => line.includes(certificate) && line.includes('ends soon'))).toHaveLength(4);
  });

  it('that nobody looked after for long is told of as it stands, not four times', async () => {
    const shop = await house.onboard();
    const certificate = await bring(20);
    await house.grant(certificate, shop.tenant, [shop.taxId]);
    await shop.api.patch(`/v1/connections/${shop.connection}`, { certificate });
    clock.advance(14 * DAY_MS);
    await ending.tellOnce();
    expect(await toldOf(certificate)).toEqual([7]);
  });

  it('and was replaced is told of no more, until the next version ends', async () => {
    const shop = await house.onboard();
    const certificate = await bring(50);
    await house.grant(certificate, shop.tenant, [shop.taxId]);
    await shop.api.patch(`/v1/connections/${shop.connection}`, { certificate });
    await ending.tellOnce();
    service.tell(certificate, { version: 2, state: 'active', certificate: endsIn(70).certificate });
    await waitForVersion(certificate, 2);
    clock.advance(5 * DAY_MS);
    await ending.tellOnce();
    expect(await toldOf(certificate)).toEqual([60]);
    clock.advance(10 * DAY_MS);
    await ending.tellOnce();
    expect(await toldOf(certificate)).toEqual([60, 60]);
  });

  it('is a metric with the days that are left', async () => {
    const certificate = await bring(10);
    const metrics = new Metrics();
    watchCertificates(metrics, ending);
    const line = (await metrics.text()).split('\n').find((one) => one.includes(certificate));
    expect(line).toBe(`tolem_certificate_days_left{certificate="${certificate}",provider="${PROVIDER.name}"} 10`);
    clock.advance(11 * DAY_MS);
    expect(await metrics.text()).toContain(`certificate="${certificate}",provider="${PROVIDER.name}"} -1\n`);
    expect((await house.operator.get(`/v1/certificates/${certificate}`)).body).toMatchObject({
      status: 'expired',
      days_left: -1,
    });
  });
});

async function waitForVersion(certificate: string, version: number): Promise<void> {
  await waitFor(
    `version ${version}`,
    async () => (await house.operator.get(`/v1/certificates/${certificate}`)).at('/active_version') === version,
  );
}
