import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Egress } from '@tolem/egress';
import type { KaspiAnswer } from '../src/client/kaspi-answer.ts';
import { KaspiClient, type KaspiEndpoint } from '../src/client/kaspi.client.ts';
import { KASPI_METHOD_NAMES, type KaspiMethod } from '../src/client/methods.ts';
import { KASPI_SCHEME_NAMES, type KaspiSchemeName } from '../src/client/schemes.ts';
import { BIN, RunningBank } from './running-bank.ts';
import { type ScriptedBank, startScriptedBank } from './scripted-bank.ts';

/** Beyond 2^53: a double would end in 2. */
const ID = '9007199254740993';
const RETURN_ID = '9007199254740995';
const TOKEN = '7f0c1d7e-1111-4222-8333-944445555666';
const KEY = 'test_6f1f0c4e-1111-4222-8333-944445555666';
const PHONE = '77071234567';
const QR = '10000000000000000000000000000000000000017';
const device = { bin: BIN, deviceToken: TOKEN };
const TEST = { testContour: true };
const ORGANIZATION = `"OrganizationBin":"${BIN}",`;

type Ask = (kaspi: KaspiClient, at: KaspiEndpoint) => Promise<KaspiAnswer<unknown>>;

interface Row {
  readonly method: KaspiMethod;
  readonly ask: Ask;
  /** Verb, path after the version and body as the bank's document has them; null where the scheme has no such method. */
  readonly sent: Readonly<Record<KaspiSchemeName, readonly [request: string, body?: string] | null>>;
  /** The same answer as the document writes it and as it is written otherwise. */
  readonly answers: readonly [pascal: string, camel: string];
  readonly read: unknown;
}

const everywhere = (request: string, body?: string): Row['sent'] => {
  const sent: readonly [string, string?] = body === undefined ? [request] : [request, body];
  return { r1: sent, r2: sent, r3: sent };
};
/** `{` follows the verb and path; r3 begins the body with the organization. */
const organizationInR3 = (request: string, rest: string): Row['sent'] => ({
  ...everywhere(request, `{${rest}}`),
  r3: [request, `{${ORGANIZATION}${rest}}`],
});
const onlyIn = (name: KaspiSchemeName, request: string, body?: string): Row['sent'] => ({
  r1: null,
  r2: null,
  r3: null,
  [name]: body === undefined ? [request] : [request, body],
});

const OK = ['{"StatusCode":0,"Message":"OK"}', '{"data":null,"statusCode":"0","message":""}'] as const;
const emulator = (step: 'scan' | 'confirm' | 'scanerror' | 'confirmerror'): Row => ({
  method: `test/payment/${step}`,
  ask: (kaspi, at) => kaspi.emulate(at, step, ID, TEST),
  sent: everywhere(`POST test/payment/${step}`, `{"qrPaymentId":"${ID}"}`),
  answers: ['{"StatusCode":0,"message":"string"}', OK[1]],
  read: null,
});

const ROWS: readonly Row[] = [
  {
    method: 'partner/tradepoints',
    ask: (kaspi, at) => kaspi.tradePoints(at, BIN),
    sent: { ...everywhere('GET partner/tradepoints'), r3: [`GET partner/tradepoints/${BIN}`] },
    answers: [
      `{"StatusCode":0,"Message":"OK","Data":[{"TradePointId":${ID},"TradePointName":"Магазин (Абая, 10)"}]}`,
      `{"data":[{"tradePointName":"Магазин (Абая, 10)","tradePointId":"${ID}"}],"statusCode":"0"}`,
    ],
    read: [{ tradePointId: ID, tradePointName: 'Магазин (Абая, 10)' }],
  },
  {
    method: 'device/register',
    ask: (kaspi, at) => kaspi.registerDevice(at, { bin: BIN, deviceId: 'desk-03', tradePointId: ID }),
    sent: organizationInR3('POST device/register', `"DeviceId":"desk-03","TradePointId":${ID}`),
    answers: [
      `{"StatusCode":0,"Message":"OK","Data":{"DeviceToken":"${TOKEN}"}}`,
      `{"data":{"deviceToken":"${TOKEN}"},"statusCode":0}`,
    ],
    read: { deviceToken: TOKEN },
  },
  {
    method: 'device/delete',
    ask: (kaspi, at) => kaspi.deleteDevice(at, device),
    sent: organizationInR3('POST device/delete', `"DeviceToken":"${TOKEN}"`),
    answers: OK,
    read: null,
  },
  {
    method: 'qr/create',
    ask: (kaspi, at) => kaspi.createQr(at, { device, amountMinor: 149_050, externalId: 'S-000917' }),
    sent: organizationInR3('POST qr/create', `"DeviceToken":"${TOKEN}","Amount":1490.5,"ExternalId":"S-000917"`),
    answers: [
      `{"StatusCode":0,"Message":"OK","Data":{"QrToken":"${QR}","ExpireDate":"2026-02-11T09:08:00.000+05:00","QrPaymentId":${ID},
        "PaymentMethods":["Gold"],"QrPaymentBehaviorOptions":{"StatusPollingInterval":7,"QrCodeScanWaitTimeout":170,
        "PaymentConfirmationTimeout":60}}}`,
      `{"data":{"qrToken":"${QR}","expireDate":"2026-02-11T09:08:00+05","qrPaymentId":"${ID}","paymentMethods":["Gold"],
        "qrPaymentBehaviorOptions":{"statusPollingInterval":7,"qrCodeScanWaitTimeout":170,
        "paymentConfirmationTimeout":60}},"statusCode":0}`,
    ],
    read: {
      qrToken: QR,
      qrPaymentId: ID,
      expiresAtMs: Date.UTC(2026, 1, 11, 4, 8),
      paymentMethods: ['Gold'],
      options: { statusPollingIntervalSeconds: 7, scanWaitTimeoutSeconds: 170, confirmationTimeoutSeconds: 60 },
    },
  },
  {
    method: 'qr/create-link',
    ask: (kaspi, at) => kaspi.createLink(at, { device, amountMinor: 149_050, externalId: 'S-000917' }),
    sent: organizationInR3('POST qr/create-link', `"DeviceToken":"${TOKEN}","Amount":1490.5,"ExternalId":"S-000917"`),
    answers: [
      `{"StatusCode":0,"Message":"OK","Data":{"PaymentLink":"https://pay.kaspi.kz/pay/${QR}","ExpireDate":"2026-02-11T09:08:00.000+05:00",
        "PaymentId":${ID},"PaymentMethods":["Gold"],"PaymentBehaviorOptions":{"StatusPollingInterval":7,
        "LinkActivationWaitTimeout":170,"PaymentConfirmationTimeout":60}}}`,
      `{"data":{"paymentLink":"https://pay.kaspi.kz/pay/${QR}","expireDate":"2026-02-11T09:08:00","paymentId":"${ID}",
        "paymentMethods":["Gold"],"paymentBehaviorOptions":{"statusPollingInterval":"7","linkActivationWaitTimeout":"170",
        "paymentConfirmationTimeout":"60"}},"statusCode":0}`,
    ],
    read: {
      paymentLink: `https://pay.kaspi.kz/pay/${QR}`,
      paymentId: ID,
      expiresAtMs: Date.UTC(2026, 1, 11, 4, 8),
      paymentMethods: ['Gold'],
      options: { statusPollingIntervalSeconds: 7, scanWaitTimeoutSeconds: 170, confirmationTimeoutSeconds: 60 },
    },
  },
  {
    method: 'payment/status',
    ask: (kaspi, at) => kaspi.paymentStatus(at, ID),
    sent: everywhere(`GET payment/status/${ID}`),
    answers: [
      '{"StatusCode":0,"Message":"OK","Data":{"Status":"Processed","Amount":"1 490 ₸"}}',
      '{"data":{"status":"Processed","amount":"1490.00"},"statusCode":0}',
    ],
    read: expect.objectContaining({ status: 'Processed', amountMinor: 149_000 }),
  },
  {
    method: 'return/create',
    ask: (kaspi, at) => kaspi.createReturn(at, { device, externalId: 'rf-1' }),
    sent: onlyIn('r2', 'POST return/create', `{"DeviceToken":"${TOKEN}","ExternalId":"rf-1"}`),
    answers: [
      `{"StatusCode":0,"Message":"OK","Data":{"QrToken":"${QR}","ExpireDate":"2026-02-11T09:08:00.000+05:00","QrReturnId":${RETURN_ID},
        "QrReturnBehaviorOptions":{"QrCodeScanEventPollingInterval":7,"QrCodeScanWaitTimeout":170}}}`,
      `{"data":{"qrToken":"${QR}","expireDate":"2026-02-11T09:08:00+05","qrReturnId":"${RETURN_ID}",
        "qrReturnBehaviorOptions":{"qrCodeScanEventPollingInterval":7,"qrCodeScanWaitTimeout":170}},"statusCode":0}`,
    ],
    read: {
      qrToken: QR,
      qrReturnId: RETURN_ID,
      expiresAtMs: Date.UTC(2026, 1, 11, 4, 8),
      options: { statusPollingIntervalSeconds: 7, scanWaitTimeoutSeconds: 170 },
    },
  },
  {
    method: 'return/status',
    ask: (kaspi, at) => kaspi.returnStatus(at, RETURN_ID),
    sent: onlyIn('r2', `GET return/status/${RETURN_ID}`),
    answers: [
      '{"StatusCode":0,"Message":"OK","Data":{"Status":"CustomerIdentityObtained"}}',
      '{"data":{"status":"CustomerIdentityObtained"},"statusCode":0}',
    ],
    read: { status: 'CustomerIdentityObtained' },
  },
  {
    method: 'return/operations',
    ask: (kaspi, at) => kaspi.returnOperations(at, { device, qrReturnId: RETURN_ID, maxResult: 10 }),
    sent: onlyIn('r2', 'POST return/operations', `{"DeviceToken":"${TOKEN}","QrReturnId":${RETURN_ID},"MaxResult":10}`),
    answers: [
      `{"StatusCode":0,"Message":"OK","Data":[{"QrPaymentId":${ID},"TransactionDate":"2021-12-08T11:35:48.1566667","Amount":1490}]}`,
      `{"data":[{"qrPaymentId":"${ID}","transactionDate":"2021-12-8T11:35:48.156+05:00","amount":"1 490 ₸"}],"statusCode":0}`,
    ],
    read: [{ qrPaymentId: ID, transactionAtMs: Date.UTC(2021, 11, 8, 6, 35, 48, 156), amountMinor: 149_000 }],
  },
  {
    method: 'payment/details',
    ask: (kaspi, at) => kaspi.paymentDetails(at, { device, qrPaymentId: ID }),
    sent: { ...everywhere(`GET payment/details?QrPaymentId=${ID}&DeviceToken=${TOKEN}`), r1: null },
    answers: [
      `{"StatusCode":0,"Data":{"QrPaymentId":${ID},"TotalAmount":1490,"AvailableReturnAmount":490.5,
        "TransactionDate":"2021-11-3T11:55:14.166+06:00"}}`,
      `{"data":{"qrPaymentId":"${ID}","totalAmount":"1 490 ₸","availableReturnAmount":"490.50",
        "transactionDate":"2021-11-03T10:55:14.166"},"statusCode":0}`,
    ],
    read: {
      qrPaymentId: ID,
      totalAmountMinor: 149_000,
      availableReturnAmountMinor: 49_050,
      transactionAtMs: Date.UTC(2021, 10, 3, 5, 55, 14, 166),
    },
  },
  {
    method: 'payment/return',
    ask: (kaspi, at) =>
      kaspi.returnPayment(at, { device, qrPaymentId: ID, qrReturnId: RETURN_ID, amountMinor: 49_000 }),
    sent: {
      r1: null,
      r2: [
        'POST payment/return',
        `{"DeviceToken":"${TOKEN}","QrPaymentId":${ID},"QrReturnId":${RETURN_ID},"Amount":490}`,
      ],
      r3: ['POST payment/return', `{${ORGANIZATION}"DeviceToken":"${TOKEN}","QrPaymentId":${ID},"Amount":490}`],
    },
    answers: [
      `{"StatusCode":0,"Message":"OK","Data":{"ReturnOperationId":${ID}}}`,
      `{"data":{"returnOperationId":"${ID}"},"statusCode":0}`,
    ],
    read: { returnOperationId: ID },
  },
  {
    method: 'remote/client-info',
    ask: (kaspi, at) => kaspi.clientInfo(at, { device, phoneNumber: PHONE }),
    sent: onlyIn('r3', `GET remote/client-info?PhoneNumber=${PHONE}&DeviceToken=${TOKEN}`),
    answers: [
      '{"StatusCode":0,"Message":"OK","Data":{"ClientName":"Айгүл С."}}',
      '{"data":{"clientName":"Айгүл С."},"statusCode":0}',
    ],
    read: { clientName: 'Айгүл С.' },
  },
  {
    method: 'remote/create',
    ask: (kaspi, at) => kaspi.createRemote(at, { device, amountMinor: 149_050, phoneNumber: PHONE, comment: 'A-17' }),
    sent: onlyIn(
      'r3',
      'POST remote/create',
      `{${ORGANIZATION}"DeviceToken":"${TOKEN}","Amount":1490.5,"PhoneNumber":"${PHONE}","Comment":"A-17"}`,
    ),
    answers: [
      `{"StatusCode":0,"Message":"OK","Data":{"QrPaymentId":${ID}}}`,
      `{"data":{"qrPaymentId":"${ID}"},"statusCode":0}`,
    ],
    read: { qrPaymentId: ID },
  },
  {
    method: 'remote/cancel',
    ask: (kaspi, at) => kaspi.cancelRemote(at, { device, qrPaymentId: ID }),
    sent: onlyIn('r3', 'POST remote/cancel', `{${ORGANIZATION}"DeviceToken":"${TOKEN}","QrPaymentId":${ID}}`),
    answers: [
      '{"StatusCode":0,"Message":"OK","Data":{"Status":"RemotePaymentCanceled"}}',
      '{"data":{"status":"RemotePaymentCanceled"},"statusCode":0}',
    ],
    read: { status: 'RemotePaymentCanceled' },
  },
  {
    method: 'health/ping',
    ask: (kaspi, at) => kaspi.ping(at),
    sent: everywhere('GET health/ping'),
    answers: OK,
    read: null,
  },
  emulator('scan'),
  emulator('confirm'),
  emulator('scanerror'),
  emulator('confirmerror'),
];

/** The real client over real TLS; the bank at the other end writes down what it gets and says what a row tells it to. */
const egress = new Egress();
let drawn = 0;
const kaspi = new KaspiClient({ egress, requestId: () => `request-${(drawn += 1)}` });
let issuer: RunningBank;
let bank: ScriptedBank;
let answer = '';
let at: KaspiEndpoint;

describe.each(KASPI_SCHEME_NAMES)('%s on the wire', (scheme) => {
  const withKey = scheme === 'r1';

  beforeAll(async () => {
    issuer = await RunningBank.start();
    bank = await startScriptedBank(issuer.sandbox.tls, () => ({ text: answer }), { certificates: !withKey });
    at = {
      scheme,
      baseUrl: bank.url,
      ...(withKey ? { apiKey: KEY, caPem: issuer.caPem } : { credential: issuer.credential() }),
    };
  }, 30_000);
  beforeEach(() => {
    bank.requests.length = 0;
  });
  afterAll(async () => {
    await bank.close();
    await issuer.close();
  });

  it.each(ROWS)('$method is sent as the document has it, and both spellings of its answer are read', async (row) => {
    const sent = row.sent[scheme];
    for (const text of row.answers) {
      answer = text;
      const got = await row.ask(kaspi, at);
      expect(got).toEqual(
        sent === null
          ? { is: 'not_sent', reason: 'not_supported', detail: `scheme ${scheme} has no ${row.method}` }
          : { is: 'ok', data: row.read },
      );
    }
    const seen = bank.requests.map(({ method, path, body }) => [`${method} ${path}`, body]);
    const [request, body = ''] = sent ?? [];
    const expected = [request?.replace(' ', ` /${scheme}/v01/`), body];
    expect(seen).toEqual(sent === null ? [] : [expected, expected]);
  });

  it('every request says who calls: a key in the header, or nothing but the certificate', async () => {
    answer = OK[0];
    await kaspi.ping(at);
    await kaspi.ping({ ...at, ...(withKey ? {} : { apiKey: KEY }) });
    expect(bank.requests.map(({ headers }) => headers['api-key'])).toEqual(
      withKey ? [KEY, KEY] : [undefined, undefined],
    );
    const ids = bank.requests.map(({ headers }) => headers['x-request-id']);
    expect(ids).toEqual([`request-${drawn - 1}`, `request-${drawn}`]);
  });
});

afterAll(() => egress.close());

it('every method of the bank is in the table', () => {
  expect(ROWS.map((row) => row.method).sort()).toEqual([...KASPI_METHOD_NAMES].sort());
});
