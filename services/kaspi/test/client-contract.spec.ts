import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import { Egress } from '@tolem/egress';
import type { KaspiAnswer } from '../src/client/kaspi-answer.ts';
import { KaspiClient, type KaspiEndpoint, type KaspiStatusVersion } from '../src/client/kaspi.client.ts';
import { KASPI_CODES } from '../src/answers/codes.ts';
import { BIN, OTHER_BIN, RunningBank } from './running-bank.ts';
import { startScriptedBank } from './scripted-bank.ts';

const AMOUNT_MINOR = 149_050;
const NOBODY = { bin: BIN, deviceToken: 'unknown' };
const PHONE = '77071234567';
/** Real time, and generous: on a busy machine an answer that comes byte by byte takes its time. */
const PATIENT = { connectTimeoutMs: 15_000, readTimeoutMs: 15_000, startTimeoutMs: 15_000, writeTimeoutMs: 15_000 };
const IMPATIENT = { ...PATIENT, readTimeoutMs: 300, startTimeoutMs: 300, writeTimeoutMs: 300 };
/** Far beyond the impatient deadlines, and beyond the patient ones as well. */
const TOO_LATE = 'delay:30000';

/** The real client over the real way out, with the simulated bank at the other end. */
const clock = new ManualClock(Date.UTC(2026, 1, 11, 4, 5));
const egress = new Egress();
let bank: RunningBank;
let at: KaspiEndpoint;
let requests = 0;

function client(statusVersion: KaspiStatusVersion = 'v01', timeouts = PATIENT, way = egress): KaspiClient {
  return new KaspiClient({
    egress: way,
    requestId: () => `request-${(requests += 1)}`,
    timeouts,
    statusVersion,
  });
}
const kaspi = client();

beforeAll(async () => {
  bank = await RunningBank.start({ clock });
  at = { scheme: 'r3', baseUrl: bank.url, credential: bank.credential() };
});
afterEach(() => bank.clearFaults());
afterAll(async () => {
  await egress.close();
  await bank.close();
  expect(bank.problems).toEqual([]);
});

function dataOf<T>(answer: KaspiAnswer<T>): T {
  if (answer.is !== 'ok') throw new Error(`the bank did not answer: ${JSON.stringify(answer)}`);
  return answer.data;
}

/** A device at the first trade point of an organization. */
async function device(bin = BIN, deviceId = 'desk-01') {
  const [point] = dataOf(await kaspi.tradePoints(at, bin));
  const registered = await kaspi.registerDevice(at, { bin, deviceId, tradePointId: point?.tradePointId ?? '' });
  return { bin, deviceToken: dataOf(registered).deviceToken };
}

async function created(amountMinor = AMOUNT_MINOR) {
  return dataOf(await kaspi.createQr(at, { device: await device(), amountMinor, externalId: 'pay_1' }));
}

async function paid(amountMinor = AMOUNT_MINOR) {
  const { qrPaymentId } = await created(amountMinor);
  // Nobody pays a code that no client asks about.
  await kaspi.paymentStatus(at, qrPaymentId);
  clock.advance(2_000);
  return qrPaymentId;
}

describe('every method of the bank', () => {
  it('lists an organization’s trade points with their names', async () => {
    const points = dataOf(await kaspi.tradePoints(at, BIN));
    expect(points).toHaveLength(3);
    for (const point of points) {
      expect(point.tradePointId).toMatch(/^[1-9]\d*$/);
      expect(point.tradePointName).toMatch(/ \(.+\)$/);
    }
  });

  it('registers a device: the same arguments give the same token, another organization another one', async () => {
    const first = await device();
    expect(first.deviceToken).toMatch(/^[0-9a-f-]{36}$/);
    expect(await device()).toEqual(first);
    expect((await device(OTHER_BIN)).deviceToken).not.toBe(first.deviceToken);
  });

  it('deletes a device, which then can neither be deleted nor used', async () => {
    const gone = await device(BIN, 'desk-gone');
    expect(await kaspi.deleteDevice(at, gone)).toEqual({ is: 'ok', data: null });
    expect(await kaspi.deleteDevice(at, gone)).toMatchObject({ is: 'refused', code: { statusCode: '-1501' } });
    const qr = await kaspi.createQr(at, { device: gone, amountMinor: AMOUNT_MINOR });
    expect(qr).toMatchObject({ is: 'refused', code: { statusCode: '-1502', registerDeviceAgain: true } });
  });

  it('makes a QR with its timers, and the sum and our id reach the bank exactly', async () => {
    const qr = await created();
    expect(qr).toMatchObject({
      qrToken: expect.stringMatching(/^\d{41}$/),
      expiresAtMs: clock.now() + 30_000,
      paymentMethods: expect.arrayContaining(['Gold', 'Red', 'Loan']),
      options: { statusPollingIntervalSeconds: 1, scanWaitTimeoutSeconds: 30, confirmationTimeoutSeconds: 15 },
    });
    expect(bank.row(qr.qrPaymentId)).toMatchObject({ external_id: 'pay_1', tax_id: BIN, amount: AMOUNT_MINOR });
  });

  it('asks for a purchase from the first code to the money', async () => {
    const { qrPaymentId } = await created();
    const word = async () => dataOf(await kaspi.paymentStatus(at, qrPaymentId)).status;
    expect(await word()).toBe('QrTokenCreated');
    clock.advance(700);
    expect(await word()).toBe('Wait');
    clock.advance(1_000);
    expect(await word()).toBe('Processed');
  });

  it.each(['v02', 'v04'] as const)('reads the further fields of payment/status %s', async (version) => {
    const id = await paid();
    expect(dataOf(await client(version).paymentStatus(at, id))).toMatchObject({
      status: 'Processed',
      amountMinor: AMOUNT_MINOR,
      transactionId: expect.stringMatching(/^\d+$/),
      productType: 'Gold',
      storeName: expect.stringMatching(/./),
    });
  });

  it('reads the details of a paid purchase and returns money', async () => {
    const id = await paid(100_00);
    const pair = await device();
    const before = dataOf(await kaspi.paymentDetails(at, { device: pair, qrPaymentId: id }));
    expect(before).toMatchObject({ qrPaymentId: id, totalAmountMinor: 100_00, availableReturnAmountMinor: 100_00 });
    expect(before.transactionAtMs).toBeLessThanOrEqual(clock.now());
    const returned = await kaspi.returnPayment(at, { device: pair, qrPaymentId: id, amountMinor: 40_01 });
    expect(dataOf(returned).returnOperationId).toMatch(/^\d+$/);
    const after = dataOf(await kaspi.paymentDetails(at, { device: pair, qrPaymentId: id }));
    expect(after.availableReturnAmountMinor).toBe(59_99);
  });

  it('makes a link, whose purchase is asked for by its own id', async () => {
    const link = dataOf(await kaspi.createLink(at, { device: await device(), amountMinor: AMOUNT_MINOR }));
    expect(link.paymentLink).toMatch(/^https:\/\/pay\.kaspi\.kz\/pay\/\d{41}$/);
    expect(bank.row(link.paymentId)).toMatchObject({ tax_id: BIN, amount: AMOUNT_MINOR });
    expect(dataOf(await kaspi.paymentStatus(at, link.paymentId)).status).toBe('QrTokenCreated');
  });

  it('finds a payer, sends him an invoice and cancels it', async () => {
    const pair = await device();
    expect(dataOf(await kaspi.clientInfo(at, { device: pair, phoneNumber: PHONE })).clientName).toMatch(/./);
    const invoice = { device: pair, phoneNumber: PHONE, amountMinor: AMOUNT_MINOR, comment: 'A-17' };
    const { qrPaymentId } = dataOf(await kaspi.createRemote(at, invoice));
    expect(bank.row(qrPaymentId)).toMatchObject({ tax_id: BIN, amount: AMOUNT_MINOR });
    expect(dataOf(await kaspi.paymentStatus(at, qrPaymentId)).status).toBe('RemotePaymentCreated');
    const canceled = dataOf(await kaspi.cancelRemote(at, { device: pair, qrPaymentId }));
    expect(canceled.status).toBe('RemotePaymentCanceled');
    expect(dataOf(await kaspi.paymentStatus(at, qrPaymentId)).status).toBe('RemotePaymentCanceled');
  });

  it('pings', async () => {
    expect(await kaspi.ping(at)).toEqual({ is: 'ok', data: null });
  });
});

/** Every call the service makes, ready to be disturbed. */
const CALLS: readonly (readonly [string, (by?: KaspiClient) => Promise<KaspiAnswer<unknown>>])[] = [
  ['partner/tradepoints', (by = kaspi) => by.tradePoints(at, BIN)],
  ['device/register', (by = kaspi) => by.registerDevice(at, { bin: BIN, deviceId: 'desk-02', tradePointId: '1' })],
  ['device/delete', (by = kaspi) => by.deleteDevice(at, { bin: BIN, deviceToken: 'unknown' })],
  ['qr/create', (by = kaspi) => by.createQr(at, { device: { bin: BIN, deviceToken: 'unknown' }, amountMinor: 100 })],
  ['payment/status', (by = kaspi) => by.paymentStatus(at, '1')],
  [
    'payment/details',
    (by = kaspi) => by.paymentDetails(at, { device: { bin: BIN, deviceToken: 'x' }, qrPaymentId: '1' }),
  ],
  [
    'payment/return',
    (by = kaspi) => by.returnPayment(at, { device: { bin: BIN, deviceToken: 'x' }, qrPaymentId: '1', amountMinor: 1 }),
  ],
  ['qr/create-link', (by = kaspi) => by.createLink(at, { device: NOBODY, amountMinor: 100 })],
  ['remote/client-info', (by = kaspi) => by.clientInfo(at, { device: NOBODY, phoneNumber: PHONE })],
  ['remote/create', (by = kaspi) => by.createRemote(at, { device: NOBODY, phoneNumber: PHONE, amountMinor: 100 })],
  ['remote/cancel', (by = kaspi) => by.cancelRemote(at, { device: NOBODY, qrPaymentId: '1' })],
  ['health/ping', (by = kaspi) => by.ping(at)],
];

const LOSING: readonly (readonly [string, string])[] = [
  ['lost_before', 'connection_closed'],
  ['lost_after', 'connection_closed'],
  ['silence', 'connection_closed'],
  ['cut', 'answer_cut'],
  ['http_400', 'http_status'],
  ['http_401', 'http_status'],
  ['http_500', 'http_status'],
  ['http_503', 'http_status'],
  ['html', 'not_json'],
  ['garbage', 'not_json'],
  ['empty', 'not_json'],
];

describe.each(CALLS)('%s under faults', (name, call) => {
  it.each(LOSING)('%s is lost: %s', async (fault, reason) => {
    await bank.fault(name, fault);
    expect(await call()).toMatchObject({ is: 'lost', reason });
  });

  it.each(KASPI_CODES.filter((code) => code.class !== 'success'))(
    'StatusCode $statusCode is a refusal with its class and a text',
    async ({ statusCode, class: kind }) => {
      await bank.fault(name, `status_code:${statusCode}`);
      expect(await call()).toMatchObject({
        is: 'refused',
        code: { statusCode, class: kind },
        message: expect.stringMatching(/./),
      });
    },
  );

  it('a code that nobody lists is a refusal of class unlisted', async () => {
    await bank.fault(name, 'status_code:-77777');
    expect(await call()).toMatchObject({ is: 'refused', code: { statusCode: '-77777', class: 'unlisted' } });
  });

  it('an answer byte by byte and one without Message mean what they say', async () => {
    const undisturbed = await call();
    await bank.fault(name, 'drip');
    expect(await call()).toEqual(undisturbed);
    await bank.fault(name, 'no_message');
    expect(await call()).toMatchObject({ is: undisturbed.is });
  });

  it('an answer that is late but in time is an answer', async () => {
    await bank.fault(name, 'delay:200');
    expect((await call()).is).not.toBe('lost');
    expect(await bank.faultsLeft()).toEqual([]);
  });
});

describe('answers that come too late', () => {
  it('every call gives up at its deadline', async () => {
    // A way out of its own: so many lost answers in a row would close it to the specs that follow.
    const way = new Egress();
    // The connections stand before, because making them all at once may take longer than these deadlines.
    const patient = client('v01', PATIENT, way);
    await Promise.all(CALLS.map(([, call]) => call(patient)));
    await bank.fault('*', TOO_LATE, { times: null });
    const impatient = client('v01', IMPATIENT, way);
    const answers = await Promise.all(CALLS.map(([, call]) => call(impatient)));
    await way.close();
    for (const answer of answers) expect(answer).toMatchObject({ is: 'lost', reason: 'timeout' });
  });
});

describe('odd looks of right answers', () => {
  it('options in camelCase are obeyed', async () => {
    await bank.fault('qr/create', 'camel_case_options');
    expect((await created()).options).toEqual({
      statusPollingIntervalSeconds: 1,
      scanWaitTimeoutSeconds: 30,
      confirmationTimeoutSeconds: 15,
    });
  });

  it('a sum as text, with spaces and a currency sign or without, is the same sum', async () => {
    // The sandbox writes both forms, by turns of the id.
    const ids = [await paid(1_234_567_00), await paid(1_234_567_00)];
    await bank.fault('payment/status', 'amount_as_text', { times: null });
    for (const id of ids) {
      expect(dataOf(await client('v02').paymentStatus(at, id)).amountMinor).toBe(1_234_567_00);
    }
  });

  it('a status that nobody knows arrives as the word that it is', async () => {
    const id = await paid();
    await bank.fault('payment/status', 'unknown_status');
    expect(dataOf(await kaspi.paymentStatus(at, id)).status).toBe('PaymentInLimbo');
    expect(dataOf(await kaspi.paymentStatus(at, id)).status).toBe('Processed');
  });
});

describe('ids beyond 2^53', () => {
  const ID = '9007199254740993';

  it.each([
    ['a number', ID],
    ['a text', `"${ID}"`],
  ])('%s keeps every digit, there and back', async (_form, written) => {
    const options = '{"StatusPollingInterval":5,"QrCodeScanWaitTimeout":180,"PaymentConfirmationTimeout":65}';
    const scripted = await startScriptedBank(bank.sandbox.tls, ({ path }) => {
      if (path.includes('tradepoints')) return { text: `{"StatusCode":0,"Data":[{"TradePointId":${written}}]}` };
      if (path.includes('register')) return { text: '{"StatusCode":0,"Data":{"DeviceToken":"token"}}' };
      if (path.includes('status')) return { text: '{"StatusCode":0,"Data":{"Status":"Processed"}}' };
      if (path.includes('return')) return { text: `{"StatusCode":0,"Data":{"ReturnOperationId":${written}}}` };
      return {
        text: `{"StatusCode":0,"Data":{"QrToken":"1","QrPaymentId":${written},"QrPaymentBehaviorOptions":${options}}}`,
      };
    });
    try {
      const there = { ...at, baseUrl: scripted.url };
      const pair = { bin: BIN, deviceToken: 'token' };
      const [point] = dataOf(await kaspi.tradePoints(there, BIN));
      await kaspi.registerDevice(there, { bin: BIN, deviceId: 'd', tradePointId: point?.tradePointId ?? '' });
      const { qrPaymentId } = dataOf(await kaspi.createQr(there, { device: pair, amountMinor: 100 }));
      await kaspi.paymentStatus(there, qrPaymentId);
      const returned = await kaspi.returnPayment(there, { device: pair, qrPaymentId, amountMinor: 100 });
      expect([point?.tradePointId, qrPaymentId, dataOf(returned).returnOperationId]).toEqual([ID, ID, ID]);
      const [, register, , status, refund] = scripted.requests;
      expect(register?.body).toContain(`"TradePointId":${ID}`);
      expect(status?.path).toBe(`/r3/v01/payment/status/${ID}`);
      expect(refund?.body).toContain(`"QrPaymentId":${ID},`);
    } finally {
      await scripted.close();
    }
  });
});
