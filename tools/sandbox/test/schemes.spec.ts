import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { builtInApiKey } from '../src/index.ts';
import { BIN, OTHER_BIN, RunningBank } from './running-bank.ts';
import type { CallOptions, SchemeName } from './running-bank.ts';

const UNKNOWN_TOKEN = '7f0c1d7e-1111-4222-8333-944445555666';

/** Every method with a request of scheme 3, and the schemes that have it (Kaspi QR v3.9 §2 to §5; kaspi-qr.md §4). */
const METHODS: readonly [string, CallOptions['body'] | undefined, readonly SchemeName[]][] = [
  ['/partner/tradepoints', undefined, ['r1', 'r2']],
  [`/partner/tradepoints/${BIN}`, undefined, ['r3']],
  ['/device/register', { DeviceId: 'a', TradePointId: 1 }, ['r1', 'r2', 'r3']],
  ['/device/delete', { DeviceToken: UNKNOWN_TOKEN }, ['r1', 'r2', 'r3']],
  ['/qr/create', { DeviceToken: UNKNOWN_TOKEN, Amount: 1 }, ['r1', 'r2', 'r3']],
  ['/qr/create-link', { DeviceToken: UNKNOWN_TOKEN, Amount: 1 }, ['r1', 'r2', 'r3']],
  ['/payment/status/1', undefined, ['r1', 'r2', 'r3']],
  ['/return/create', { DeviceToken: UNKNOWN_TOKEN }, ['r2']],
  ['/return/status/1', undefined, ['r2']],
  ['/return/operations', { DeviceToken: UNKNOWN_TOKEN, QrReturnId: 1 }, ['r2']],
  [`/payment/details?QrPaymentId=1&DeviceToken=${UNKNOWN_TOKEN}`, undefined, ['r2', 'r3']],
  ['/payment/return', { DeviceToken: UNKNOWN_TOKEN, QrPaymentId: 1, Amount: 1 }, ['r2', 'r3']],
  [`/remote/client-info?PhoneNumber=77011234567&DeviceToken=${UNKNOWN_TOKEN}`, undefined, ['r3']],
  ['/remote/create', { DeviceToken: UNKNOWN_TOKEN, Amount: 1, PhoneNumber: '77011234567' }, ['r3']],
  ['/remote/cancel', { DeviceToken: UNKNOWN_TOKEN, QrPaymentId: 1 }, ['r3']],
  ['/health/ping', undefined, ['r1', 'r2', 'r3']],
  ['/test/payment/scan', { qrPaymentId: '1' }, ['r1', 'r2', 'r3']],
  ['/test/payment/confirm', { qrPaymentId: '1' }, ['r1', 'r2', 'r3']],
  ['/test/payment/scanerror', { qrPaymentId: '1' }, ['r1', 'r2', 'r3']],
  ['/test/payment/confirmerror', { qrPaymentId: '1' }, ['r1', 'r2', 'r3']],
];
const CASES = METHODS.flatMap(([path, body, schemes]) =>
  (['r1', 'r2', 'r3'] as const).map((scheme) => ({ path, body, scheme, exists: schemes.includes(scheme) })),
);

/** A body as the scheme wants it: the organization in scheme 3, the refund code in scheme 2. */
function bodyFor(scheme: SchemeName, path: string, body: unknown): { body?: unknown } {
  if (body === undefined) return {};
  const named = scheme === 'r3' && !path.startsWith('/test/') ? { OrganizationBin: BIN } : {};
  const code = scheme === 'r2' && path === '/payment/return' ? { QrReturnId: 1 } : {};
  return { body: { ...body, ...named, ...code } };
}

describe('the three schemes', () => {
  let bank: RunningBank;

  beforeAll(async () => {
    bank = await RunningBank.start();
  });
  afterAll(() => bank.remove());
  beforeEach(() => bank.control('POST', '/reset'));

  it.each(CASES)('$scheme $path exists: $exists', async ({ path, body, scheme, exists }) => {
    const answer = await bank.answer(`/v01${path}`, { scheme, ...bodyFor(scheme, path, body) });
    expect(answer.status).toBe(exists ? 200 : 404);
    if (exists) expect(JSON.parse(answer.text)).toHaveProperty('StatusCode');
  });

  it.each(['r1', 'r2'] as const)('%s takes no OrganizationBin, r3 insists on it', async (scheme) => {
    const body = { DeviceToken: UNKNOWN_TOKEN };
    const named = { ...body, OrganizationBin: BIN };
    expect((await bank.answer('/v01/device/delete', { scheme, body: named })).status).toBe(400);
    expect((await bank.answer('/v01/device/delete', { scheme, body })).status).toBe(200);
    expect((await bank.answer('/v01/device/delete', { body })).status).toBe(400);
  });

  it('r2 insists on the refund code of payment/return, r3 does not know it', async () => {
    const body = { DeviceToken: UNKNOWN_TOKEN, QrPaymentId: 1, Amount: 1 };
    const withCode = { ...body, QrReturnId: 1 };
    expect((await bank.answer('/v01/payment/return', { scheme: 'r2', body })).status).toBe(400);
    const named = { ...withCode, OrganizationBin: BIN };
    expect((await bank.answer('/v01/payment/return', { body: named })).status).toBe(400);
  });

  it('a door serves the paths of its own scheme only', async () => {
    const wrong = new URL('/r3/v01/health/ping', bank.sandbox.r1Url);
    expect(wrong.port).not.toBe(new URL(bank.sandbox.r3Url).port);
    expect((await bank.answer('/../r3/v01/health/ping', { scheme: 'r1' })).status).toBe(404);
  });

  it.each([
    ['none', ''],
    ['a malformed one', 'test_key'],
    ['one that nobody has', 'test_7f0c1d7e-1111-4222-8333-944445555666'],
    ['one of an organization that is not registered', builtInApiKey('260141000010')],
    ['one with a wrong control digit', builtInApiKey('260360000052')],
  ])('r1 answers -10000 with HTTP 200 to a request with %s as its key', async (_name, key) => {
    const answer = await bank.answer('/v01/health/ping', { scheme: 'r1', headers: { 'api-key': key } });
    expect([answer.status, (JSON.parse(answer.text) as { StatusCode: number }).StatusCode]).toEqual([200, -10000]);
    expect((await bank.control('GET', '/health')).body).toMatchObject({
      kaspi: { unknown_callers: expect.anything() },
    });
  });

  it('r1 keys are given to organizations and taken away, also across a restart, and stand in no file', async () => {
    const key = 'prod_7F0C1D7E-1111-4222-8333-944445555666';
    const ask = (): Promise<number> => bank.code('/v01/health/ping', { scheme: 'r1', headers: { 'Api-Key': key } });
    expect(await ask()).toBe(-10000);
    expect(await bank.control('PUT', '/kaspi/api_keys', { key, tax_id: OTHER_BIN })).toMatchObject({ status: 200 });
    await bank.stop();
    await bank.open();
    expect(await ask()).toBe(0);
    await bank.control('PUT', '/kaspi/api_keys', { key, tax_id: null });
    expect(await ask()).toBe(-10000);
    expect(await bank.control('PUT', '/kaspi/api_keys', { key: 'secret', tax_id: BIN })).toMatchObject({ status: 400 });
    expect(await bank.control('PUT', '/kaspi/api_keys', { key, tax_id: '1' })).toMatchObject({ status: 400 });
  });

  it('an Api-Key means nothing on r2 and r3', async () => {
    for (const scheme of ['r2', 'r3'] as const) {
      expect(await bank.code('/v01/health/ping', { scheme, headers: { 'Api-Key': 'nonsense' } })).toBe(0);
    }
  });

  it('r2 knows the organization by its certificate, and answers -10000 to one that names none', async () => {
    const points = async (options: CallOptions): Promise<unknown> =>
      (await bank.envelope('/v01/partner/tradepoints', { scheme: 'r2', ...options })).Data;
    const own = await bank.tradePointIds();
    expect(await points({})).toMatchObject(own.map((TradePointId) => ({ TradePointId })));
    const pem = await bank.certificateFor(OTHER_BIN);
    const others = await bank.tradePointIds(OTHER_BIN);
    expect(await points({ pem })).toMatchObject(others.map((TradePointId) => ({ TradePointId })));
    const { cert, key } = bank.sandbox.tls;
    const nobody: CallOptions = { scheme: 'r2', credential: { cert, key } };
    expect(await bank.code('/v01/partner/tradepoints', nobody)).toBe(-10000);
    const stranger = await bank.certificateFor('260141000010');
    expect(await bank.code('/v01/health/ping', { scheme: 'r2', pem: stranger })).toBe(-10000);
  });

  it('r2 refuses the handshake without a certificate, r1 needs none', async () => {
    expect(await bank.call('/v01/health/ping', { scheme: 'r2', credential: null })).toMatchObject({ kind: 'cut' });
    expect(await bank.code('/v01/health/ping', { scheme: 'r1', credential: null })).toBe(0);
  });

  it('a token serves in every scheme of its organization', async () => {
    const token = await bank.registerOwn('r1');
    expect(await bank.registerOwn('r2')).toBe(token);
    expect(await bank.register()).toBe(token);
    const id = await bank.created(token, 10);
    const shown = await bank.data<{ Status: string }>(`/v01/payment/status/${id}`, { scheme: 'r1' });
    expect(shown.Status).toBe('QrTokenCreated');
  });

  it('r1 and r2 see the purchases of their own organization only', async () => {
    const id = await bank.created(await bank.register(), 10);
    const headers = { 'api-key': builtInApiKey(OTHER_BIN) };
    expect(await bank.code(`/v01/payment/status/${id}`, { scheme: 'r1', headers })).toBe(-1601);
    const body = { qrPaymentId: String(id) };
    expect(await bank.code('/v01/test/payment/scan', { scheme: 'r1', headers, body })).toBe(-999);
    const pem = await bank.certificateFor(OTHER_BIN);
    expect(await bank.code(`/v01/payment/status/${id}`, { scheme: 'r2', pem })).toBe(-1601);
  });

  it('a purchase by r1 is made, watched and paid as in scheme 3', async () => {
    const token = await bank.registerOwn('r1');
    const body = { DeviceToken: token, Amount: 25, ExternalId: 'S-1' };
    const { QrPaymentId } = await bank.data<{ QrPaymentId: number }>('/v01/qr/create', { scheme: 'r1', body });
    await bank.data(`/v01/payment/status/${QrPaymentId}`, { scheme: 'r1' });
    bank.clock.advance(1500);
    const paid = await bank.data<{ Status: string }>(`/v01/payment/status/${QrPaymentId}`, { scheme: 'r1' });
    expect(paid.Status).toBe('Processed');
    expect(bank.row(QrPaymentId)).toMatchObject({ kind: 'payment', tax_id: BIN, amount: 2500, buyer: 'buyer-1' });
  });

  it('faults may be meant for one scheme', async () => {
    await bank.fault('status_code:-999', 'health/ping', { times: null, match: { scheme: 'r2' } });
    expect(await bank.code('/v01/health/ping')).toBe(0);
    expect(await bank.code('/v01/health/ping', { scheme: 'r2' })).toBe(-999);
  });
});
