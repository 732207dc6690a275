import { describe, expect, it } from '@jest/globals';
import { decimalToMinor } from '@tolem/domain';
import type { EgressOutcome, EgressRequest } from '@tolem/egress';
import fc from 'fast-check';
import type { KaspiAnswer } from './kaspi-answer.ts';
import { KASPI_STATUS_VERSIONS, KaspiClient } from './kaspi.client.ts';
import type { CallOptions, KaspiClientOptions, KaspiEndpoint } from './kaspi.client.ts';

const BIN = '180340021791';
const TOKEN = '7f0c1d7e-1111-4222-8333-944445555666';
const device = { bin: BIN, deviceToken: TOKEN };
const PHONE = '77071234567';
const BEYOND_DOUBLE = '9007199254740993';

const credential = { id: 'crt', version: '1', certificatePem: 'certificate', privateKeyPem: 'key' };
const at: KaspiEndpoint = { scheme: 'r3', baseUrl: 'https://bank.example:8545', credential };

const answered = (body: string, status = 200): EgressOutcome => ({
  kind: 'answered',
  status,
  headers: {},
  body,
  ms: 3,
});
const OK = answered('{"StatusCode":0,"Message":"OK"}');

function scripted(outcome: EgressOutcome, options: Partial<KaspiClientOptions> = {}) {
  const requests: EgressRequest[] = [];
  const egress = {
    request: (request: EgressRequest): Promise<EgressOutcome> => {
      requests.push(request);
      return Promise.resolve(outcome);
    },
  };
  let made = 0;
  const client = new KaspiClient({ egress, requestId: () => `request-${(made += 1)}`, ...options });
  return { client, requests };
}

type Row = readonly [
  name: string,
  call: (client: KaspiClient, options?: CallOptions) => Promise<KaspiAnswer<unknown>>,
  method: 'GET' | 'POST',
  path: string,
  query: Record<string, string> | undefined,
  body: string | undefined,
  totalTimeoutMs: number,
];

const CALLS: readonly Row[] = [
  [
    'tradePoints',
    (client, options) => client.tradePoints(at, BIN, options),
    'GET',
    `/r3/v01/partner/tradepoints/${BIN}`,
    undefined,
    undefined,
    10_000,
  ],
  [
    'registerDevice',
    (client, options) =>
      client.registerDevice(at, { bin: BIN, deviceId: 'desk-03', tradePointId: BEYOND_DOUBLE }, options),
    'POST',
    '/r3/v01/device/register',
    undefined,
    `{"OrganizationBin":"${BIN}","DeviceId":"desk-03","TradePointId":${BEYOND_DOUBLE}}`,
    8_000,
  ],
  [
    'deleteDevice',
    (client, options) => client.deleteDevice(at, device, options),
    'POST',
    '/r3/v01/device/delete',
    undefined,
    `{"OrganizationBin":"${BIN}","DeviceToken":"${TOKEN}"}`,
    8_000,
  ],
  [
    'createQr',
    (client, options) => client.createQr(at, { device, amountMinor: 149_050, externalId: 'S-"917"' }, options),
    'POST',
    '/r3/v01/qr/create',
    undefined,
    `{"OrganizationBin":"${BIN}","DeviceToken":"${TOKEN}","Amount":1490.5,"ExternalId":"S-\\"917\\""}`,
    8_000,
  ],
  [
    'paymentStatus',
    (client, options) => client.paymentStatus(at, BEYOND_DOUBLE, options),
    'GET',
    `/r3/v01/payment/status/${BEYOND_DOUBLE}`,
    undefined,
    undefined,
    10_000,
  ],
  [
    'paymentDetails',
    (client, options) => client.paymentDetails(at, { device, qrPaymentId: BEYOND_DOUBLE }, options),
    'GET',
    '/r3/v01/payment/details',
    { QrPaymentId: BEYOND_DOUBLE, DeviceToken: TOKEN },
    undefined,
    10_000,
  ],
  [
    'returnPayment',
    (client, options) => client.returnPayment(at, { device, qrPaymentId: BEYOND_DOUBLE, amountMinor: 49_001 }, options),
    'POST',
    '/r3/v01/payment/return',
    undefined,
    `{"OrganizationBin":"${BIN}","DeviceToken":"${TOKEN}","QrPaymentId":${BEYOND_DOUBLE},"Amount":490.01}`,
    30_000,
  ],
  [
    'createLink',
    (client, options) => client.createLink(at, { device, amountMinor: 149_050 }, options),
    'POST',
    '/r3/v01/qr/create-link',
    undefined,
    `{"OrganizationBin":"${BIN}","DeviceToken":"${TOKEN}","Amount":1490.5}`,
    8_000,
  ],
  [
    'clientInfo',
    (client, options) => client.clientInfo(at, { device, phoneNumber: PHONE }, options),
    'GET',
    '/r3/v01/remote/client-info',
    { PhoneNumber: PHONE, DeviceToken: TOKEN },
    undefined,
    10_000,
  ],
  [
    'createRemote',
    (client, options) =>
      client.createRemote(at, { device, amountMinor: 100, phoneNumber: PHONE, comment: 'A-17' }, options),
    'POST',
    '/r3/v01/remote/create',
    undefined,
    `{"OrganizationBin":"${BIN}","DeviceToken":"${TOKEN}","Amount":1,"PhoneNumber":"${PHONE}","Comment":"A-17"}`,
    30_000,
  ],
  [
    'cancelRemote',
    (client, options) => client.cancelRemote(at, { device, qrPaymentId: BEYOND_DOUBLE }, options),
    'POST',
    '/r3/v01/remote/cancel',
    undefined,
    `{"OrganizationBin":"${BIN}","DeviceToken":"${TOKEN}","QrPaymentId":${BEYOND_DOUBLE}}`,
    30_000,
  ],
  ['ping', (client, options) => client.ping(at, options), 'GET', '/r3/v01/health/ping', undefined, undefined, 10_000],
];

describe('what the client sends', () => {
  it.each(CALLS)(
    '%s is one request in the documented form',
    async (_name, call, method, path, query, body, totalTimeoutMs) => {
      const { client, requests } = scripted(OK);
      await call(client);
      expect(requests).toHaveLength(1);
      const [request] = requests;
      expect(request).toMatchObject({ method, path, connectTimeoutMs: 3_000, totalTimeoutMs });
      expect(request?.target).toEqual({ baseUrl: 'https://bank.example:8545', credential });
      expect(request?.query).toEqual(query);
      expect(request?.body).toBe(body);
      expect(request?.headers?.['content-type']).toBe(body === undefined ? undefined : 'application/json');
      expect(request?.headers?.['x-request-id']).toBe('request-1');
      expect(request?.maxAnswerBytes).toBeGreaterThan(0);
    },
  );

  it.each(CALLS)('%s never repeats itself when the answer is lost', async (_name, call) => {
    const { client, requests } = scripted({ kind: 'sent_without_answer', reason: 'timeout', detail: '', ms: 1 });
    await call(client);
    expect(requests).toHaveLength(1);
  });

  it.each(CALLS)('%s carries the caller’s request id and its last word before the first byte', async (_name, call) => {
    const { client, requests } = scripted(OK);
    const mayWrite = (): boolean => false;
    await call(client, { requestId: 'mine', mayWrite });
    expect(requests[0]?.headers?.['x-request-id']).toBe('mine');
    expect(requests[0]?.mayWrite).toBe(mayWrite);
  });

  it('a list of many trade points may be a megabyte, one purchase may not', async () => {
    const { client, requests } = scripted(OK);
    await client.tradePoints(at, BIN);
    await client.paymentStatus(at, '16600000017');
    expect(requests.map((request) => request.maxAnswerBytes)).toEqual([1_048_576, 65_536]);
  });

  it('every call has its own request id', async () => {
    const { client, requests } = scripted(OK);
    await client.ping(at);
    await client.ping(at);
    expect(requests.map((request) => request.headers?.['x-request-id'])).toEqual(['request-1', 'request-2']);
  });

  it.each(KASPI_STATUS_VERSIONS)('the version %s concerns the status call alone', async (statusVersion) => {
    const { client, requests } = scripted(OK, { statusVersion });
    await client.paymentStatus(at, '16600000017');
    await client.ping(at);
    expect(requests.map((request) => request.path)).toEqual([
      `/r3/${statusVersion}/payment/status/16600000017`,
      '/r3/v01/health/ping',
    ]);
  });

  it('an address with the scheme prefix and version, as the bank writes it, is not doubled', async () => {
    const { client, requests } = scripted(OK);
    await client.ping({ ...at, baseUrl: 'https://qrapi-cert-ip.kaspi.kz/r3/v01/' });
    expect(requests[0]?.target.baseUrl).toBe('https://qrapi-cert-ip.kaspi.kz');
    expect(requests[0]?.path).toBe('/r3/v01/health/ping');
  });

  it('a purchase without an id of ours sends no ExternalId', async () => {
    const { client, requests } = scripted(OK);
    await client.createQr(at, { device, amountMinor: 100 });
    expect(requests[0]?.body).toBe(`{"OrganizationBin":"${BIN}","DeviceToken":"${TOKEN}","Amount":1}`);
  });

  it('the amount in the body is the asked amount to the tiyn, for any amount', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 999_999_999_999_999 }), async (amountMinor) => {
        const { client, requests } = scripted(OK);
        await client.createQr(at, { device, amountMinor });
        const written = /"Amount":([0-9.]+)[,}]/.exec(requests[0]?.body ?? '')?.[1] ?? '';
        expect(decimalToMinor(written)).toBe(amountMinor);
      }),
    );
  });

  it.each<readonly [string, (client: KaspiClient) => Promise<KaspiAnswer<unknown>>]>([
    ['bin', (client) => client.tradePoints(at, '../ping')],
    ['bin', (client) => client.tradePoints(at, '18034002179')],
    ['deviceId', (client) => client.registerDevice(at, { bin: BIN, deviceId: 'касса', tradePointId: '41' })],
    ['tradePointId', (client) => client.registerDevice(at, { bin: BIN, deviceId: 'desk', tradePointId: '41.5' })],
    ['deviceToken', (client) => client.deleteDevice(at, { bin: BIN, deviceToken: '' })],
    ['bin', (client) => client.createQr(at, { device: { ...device, bin: '1' }, amountMinor: 100 })],
    ['amountMinor', (client) => client.createQr(at, { device, amountMinor: 0 })],
    ['amountMinor', (client) => client.createQr(at, { device, amountMinor: 1.5 })],
    ['amountMinor', (client) => client.createQr(at, { device, amountMinor: Number.NaN })],
    ['amountMinor', (client) => client.createQr(at, { device, amountMinor: Number.MAX_SAFE_INTEGER })],
    ['qrPaymentId', (client) => client.paymentStatus(at, '0')],
    ['qrPaymentId', (client) => client.paymentStatus(at, '1/../2')],
    ['qrPaymentId', (client) => client.paymentDetails(at, { device, qrPaymentId: '' })],
    [
      'qrPaymentId',
      (client) => client.returnPayment(at, { device, qrPaymentId: '9223372036854775808', amountMinor: 1 }),
    ],
    ['amountMinor', (client) => client.returnPayment(at, { device, qrPaymentId: '1', amountMinor: -1 })],
  ])('an impossible %s is refused before anything is sent', async (name, call) => {
    const { client, requests } = scripted(OK);
    expect(await call(client)).toMatchObject({
      is: 'not_sent',
      reason: 'bad_argument',
      detail: expect.stringContaining(name),
    });
    expect(requests).toHaveLength(0);
  });

  it('an address that is none is refused before anything is sent', async () => {
    const { client, requests } = scripted(OK);
    expect(await client.ping({ scheme: 'r3', baseUrl: 'http://bank.example' })).toMatchObject({
      is: 'not_sent',
      reason: 'bad_endpoint',
    });
    expect(requests).toHaveLength(0);
  });

  const KEY = 'test_6f1f0c4e-1111-4222-8333-944445555666';

  it('an emulator is called only where the caller says that it is the test contour', async () => {
    const { client, requests } = scripted(OK);
    for (const options of [undefined, {}, { testContour: false }]) {
      expect(await client.emulate(at, 'scan', '5', options)).toMatchObject({ is: 'not_sent', reason: 'not_supported' });
    }
    expect(requests).toHaveLength(0);
    expect(await client.emulate(at, 'scan', '5', { testContour: true })).toEqual({ is: 'ok', data: null });
    expect(requests[0]).toMatchObject({ path: '/r3/v01/test/payment/scan', body: '{"qrPaymentId":"5"}' });
  });

  it('neither the key, nor a token, nor a phone number comes back in the bank’s words', async () => {
    const message = `key ${KEY} token ${TOKEN} phone +7 or 8${PHONE.slice(1)}, ${'я'.repeat(440)}${TOKEN}`;
    const { client } = scripted(answered(JSON.stringify({ StatusCode: -1404, Message: message })));
    const asked = { device, phoneNumber: PHONE };
    const answer = await client.clientInfo({ ...at, apiKey: KEY }, asked);
    expect(answer).toMatchObject({ is: 'refused', message: expect.stringMatching(/^key \*\*\* token \*\*\* phone/) });
    expect(JSON.stringify(answer)).not.toMatch(/test_|7f0c1d7e|7071234567/);
    const { client: other } = scripted(answered(JSON.stringify({ StatusCode: 0, Message: message }), 500));
    expect(JSON.stringify(await other.ping({ ...at, scheme: 'r1', apiKey: KEY }))).not.toContain('test_');
  });

  it('no refusal of ours quotes the key', async () => {
    const { client, requests } = scripted(OK);
    const wrong = [
      { ...at, scheme: 'r1', apiKey: `${KEY}\n` },
      { ...at, scheme: KEY.slice(0, 2), apiKey: KEY },
      { ...at, scheme: 'r1', apiKey: KEY, options: { prefix: 'x' } },
    ];
    for (const endpoint of wrong) {
      const answer = await client.ping(endpoint);
      expect(answer).toMatchObject({ is: 'not_sent', reason: 'bad_endpoint' });
      expect(JSON.stringify(answer)).not.toContain(KEY.slice(5));
    }
    expect(requests).toHaveLength(0);
  });

  it('the connection’s version of payment/status goes before the process’', async () => {
    const { client, requests } = scripted(OK, { statusVersion: 'v02' });
    await client.paymentStatus({ ...at, options: { status_version: 'v04' } }, '5');
    await client.paymentStatus(at, '5');
    expect(requests.map((request) => request.path)).toEqual(['/r3/v04/payment/status/5', '/r3/v02/payment/status/5']);
  });
});
