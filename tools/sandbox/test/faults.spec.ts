import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BIN, OTHER_BIN, RunningBank, until } from './running-bank.ts';
import type { CallOptions, Envelope } from './running-bank.ts';
import { type CallName, CALLS } from '../src/faults/fault.ts';

const UNKNOWN_TOKEN = '00000000-0000-4000-8000-000000000000';
const device = { DeviceToken: UNKNOWN_TOKEN, OrganizationBin: BIN };

/** A request of every method as its scheme wants it; the bank knows neither the device nor the purchase. */
const REQUESTS: Readonly<Record<CallName, readonly [path: string, options: CallOptions]>> = {
  'partner/tradepoints': [`/partner/tradepoints/${BIN}`, {}],
  'device/register': ['/device/register', { body: { DeviceId: 'a', TradePointId: 1, OrganizationBin: BIN } }],
  'device/delete': ['/device/delete', { body: device }],
  'qr/create': ['/qr/create', { body: { ...device, Amount: 1 } }],
  'qr/create-link': ['/qr/create-link', { body: { ...device, Amount: 1 } }],
  'payment/status': ['/payment/status/1', {}],
  'payment/details': [`/payment/details?QrPaymentId=1&DeviceToken=${UNKNOWN_TOKEN}`, {}],
  'payment/return': ['/payment/return', { body: { ...device, QrPaymentId: 1, Amount: 1 } }],
  'return/create': ['/return/create', { scheme: 'r2', body: { DeviceToken: UNKNOWN_TOKEN } }],
  'return/status': ['/return/status/1', { scheme: 'r2' }],
  'return/operations': ['/return/operations', { scheme: 'r2', body: { DeviceToken: UNKNOWN_TOKEN, QrReturnId: 1 } }],
  'remote/client-info': [`/remote/client-info?PhoneNumber=77011234567&DeviceToken=${UNKNOWN_TOKEN}`, {}],
  'remote/create': ['/remote/create', { body: { ...device, Amount: 1, PhoneNumber: '77011234567' } }],
  'remote/cancel': ['/remote/cancel', { body: { ...device, QrPaymentId: 1 } }],
  'health/ping': ['/health/ping', {}],
  'test/payment/scan': ['/test/payment/scan', { body: { qrPaymentId: '1' } }],
  'test/payment/confirm': ['/test/payment/confirm', { body: { qrPaymentId: '1' } }],
  'test/payment/scanerror': ['/test/payment/scanerror', { body: { qrPaymentId: '1' } }],
  'test/payment/confirmerror': ['/test/payment/confirmerror', { body: { qrPaymentId: '1' } }],
};

/** Those of the documents and of public clients, in all their lengths and signs, and one that nobody knows. */
const CODES = [
  ...[-999, -10000, -1401, -1404, -1501, -1502, -1503, -1601, -14000002, -99000001, -990000001, 99000010],
  ...[9900000018, 990000018, 9900000029, 990000031, 9900000032, -990000020, 990000033, 424242],
];

describe('the switchboard of faults', () => {
  let bank: RunningBank;
  let token: string;

  beforeAll(async () => {
    bank = await RunningBank.start();
  });
  afterAll(() => bank.remove());
  beforeEach(async () => {
    await bank.control('POST', '/reset');
    token = await bank.register();
  });

  it('lost_before cuts the call and nothing happens', async () => {
    await bank.fault('lost_before', 'qr/create');
    expect(await bank.create(token, 10)).toMatchObject({ kind: 'cut' });
    expect(bank.sandbox.ledger()).toEqual([]);
    await bank.created(token, 10);
  });

  it.each(['lost_after', 'cut', 'garbage', 'empty', 'silence'])(
    '%s happens after the bank has acted, and nobody pays a QR that was not shown',
    async (fault) => {
      await bank.fault(fault, 'qr/create');
      const outcome = await bank.create(token, 10, fault);
      if (fault === 'garbage' || fault === 'empty') {
        expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
        expect(() => JSON.parse(outcome.kind === 'answered' ? outcome.text : '{}') as unknown).toThrow();
      } else expect(outcome).toMatchObject({ kind: 'cut' });
      bank.clock.advance(2000);
      expect(bank.sandbox.ledger()).toMatchObject([{ external_id: fault, status: 'QrTokenCreated' }]);
      await until(() => bank.sandbox.ledger()[0]?.calls[0]?.answered === false);
      bank.clock.advance(30_000);
      expect(bank.sandbox.ledger()).toMatchObject([{ status: 'Error' }]);
    },
  );

  it('http_500, http_503 and html answer with a page and do not act', async () => {
    const seen: unknown[] = [];
    for (const fault of ['http_500', 'http_503', 'html']) {
      await bank.fault(fault, 'qr/create');
      const outcome = await bank.create(token, 10);
      seen.push(outcome.kind === 'answered' && [outcome.status, outcome.type, outcome.text.startsWith('<html>')]);
    }
    const type = 'text/html; charset=utf-8';
    expect(seen).toEqual([
      [500, type, true],
      [503, type, true],
      [200, type, true],
    ]);
    expect(bank.sandbox.ledger()).toEqual([]);
  });

  it('http_400 and http_401 refuse as a public client has seen it, and do not act', async () => {
    await bank.fault('http_400', 'qr/create');
    const bad = await bank.answer('/v01/qr/create', createBody());
    expect([bad.status, JSON.parse(bad.text)]).toEqual([400, { message: 'Bad Request' }]);
    await bank.fault('http_401', 'qr/create');
    expect(await bank.answer('/v01/qr/create', createBody())).toMatchObject({ status: 401 });
    expect(bank.sandbox.ledger()).toEqual([]);
  });

  it.each(CALLS)('%s can be answered with every code in every spelling, and does not act', async (call) => {
    const [path, options] = REQUESTS[call];
    for (const code of CODES) {
      await bank.fault(`status_code:${code}`, call);
      expect(await bank.code(`/v01${path}`, options)).toBe(code);
    }
    expect(bank.sandbox.ledger()).toEqual([]);
  });

  it.each(CALLS)('%s takes a code that is meant for it or for every call, as often as asked', async (call) => {
    const [path, options] = REQUESTS[call];
    for (const name of [call, '*']) {
      await bank.fault('status_code:-77', name);
      expect(await bank.code(`/v01${path}`, options)).toBe(-77);
      expect(await bank.code(`/v01${path}`, options)).not.toBe(-77);
    }
    await bank.fault('status_code:-77', call === 'health/ping' ? 'qr/create' : 'health/ping');
    expect(await bank.code(`/v01${path}`, options)).not.toBe(-77);
  });

  it('status_code answers any code and does not act', async () => {
    await bank.fault('status_code:-99000020', 'qr/create');
    const outcome = await bank.create(token, 10);
    expect(outcome.kind === 'answered' && JSON.parse(outcome.text)).toMatchObject({
      StatusCode: -99000020,
      Message: 'Частичный возврат невозможен',
    });
    expect(bank.sandbox.ledger()).toEqual([]);
  });

  it('delay answers late, and the buyer begins when the QR is shown', async () => {
    await bank.fault('delay:400', 'qr/create');
    const startedAt = performance.now();
    const waiting = bank.created(token, 10);
    await until(() => bank.sandbox.ledger().length === 1);
    bank.clock.advance(5000);
    const id = await waiting;
    expect(performance.now() - startedAt).toBeGreaterThan(350);
    await until(() => bank.row(id)?.calls[0]?.answered === true);
    await bank.status(id);
    expect(bank.row(id)).toMatchObject({ status: 'QrTokenCreated' });
    bank.clock.advance(1500);
    expect(await bank.status(id)).toBe('Processed');
  });

  it('drip sends the whole answer byte by byte', async () => {
    await bank.fault('drip', 'payment/status');
    const id = await bank.created(token, 10);
    const whole = await bank.call(`/v01/payment/status/${id}`);
    if (whole.kind === 'cut') throw new Error('the answer was cut');
    // The fault was asked for once: the next answer comes in one piece again.
    const again = await bank.call(`/v01/payment/status/${id}`);
    const bytes = Buffer.byteLength(whole.text);
    expect(JSON.parse(whole.text)).toMatchObject({ StatusCode: 0, Data: { Status: 'QrTokenCreated' } });
    // A busy machine may hand over some bytes together.
    expect(whole.pieces).toBeGreaterThan(bytes / 2);
    expect(again).toMatchObject({ kind: 'answered', pieces: 1 });
  });

  it('a client that hangs up before the answer has an unseen QR', async () => {
    await bank.fault('delay:5000', 'qr/create');
    expect(await bank.call('/v01/qr/create', { ...createBody(), timeoutMs: 100 })).toMatchObject({ kind: 'cut' });
    bank.clock.advance(2000);
    expect(bank.sandbox.ledger()).toMatchObject([{ status: 'QrTokenCreated', calls: [{ answered: false }] }]);
    expect((await bank.control('GET', '/health')).body).toMatchObject({ kaspi: { faults: 0 } });
  });

  it('unknown_status hides the true one', async () => {
    const id = await bank.created(token, 10);
    await bank.fault('unknown_status', 'payment/status', { times: 2 });
    bank.clock.advance(1500);
    expect([await bank.status(id), await bank.status(id), await bank.status(id)]).toEqual([
      'PaymentInLimbo',
      'PaymentInLimbo',
      'Processed',
    ]);
  });

  it('the further fields of v02 and v04 come in every form that has been seen, and never under v01', async () => {
    const id = await bank.created(token, 1490);
    await bank.status(id);
    bank.clock.advance(1500);
    const fields = async (version: string, ...shapes: string[]): Promise<unknown> => {
      for (const shape of shapes) await bank.fault(shape, 'payment/status');
      return bank.data(`/${version}/payment/status/${id}`);
    };
    const store = { StoreName: expect.any(String), Address: expect.any(String), City: expect.any(String) };
    const plain = { Status: 'Processed', TransactionId: expect.stringMatching(/^\d+$/), Amount: 1490, ...store };
    expect(await fields('v04')).toEqual({ ...plain, ProductType: 'Gold', IsOffer: false });
    const loan = { LoanOfferName: 'Рассрочка 0-0-12', LoanTerm: 12, ProductType: 'Loan', IsOffer: true };
    expect(await fields('v02', 'paid_by_loan')).toEqual({ ...plain, ...loan });
    const asText = await fields('v02', 'loan_term_as_text', 'amount_decimal_text');
    expect(asText).toEqual({ ...plain, ...loan, LoanTerm: '12', Amount: '1490.00' });
    expect(await fields('v02', 'amount_tenge_text')).toMatchObject({ Amount: '1 490 ₸' });
    expect(await fields('v01', 'paid_by_loan', 'amount_tenge_text')).toEqual({ Status: 'Processed' });
  });

  it('X-Request-ID is insisted on only when the switch says so', async () => {
    const insist = (on: boolean): ReturnType<RunningBank['control']> =>
      bank.control('PUT', '/kaspi/switches', { request_id_required: on });
    expect(await insist(true)).toMatchObject({
      status: 200,
      body: { request_id_required: true, punish_polling: null },
    });
    const refused = await bank.answer('/v01/health/ping');
    expect([refused.status, JSON.parse(refused.text)]).toEqual([
      400,
      { message: expect.stringContaining('X-Request-ID') },
    ]);
    const headers = { 'X-Request-ID': 'da169655f65740d991b1bbfcd9802b28' };
    expect(await bank.code('/v01/health/ping', { headers })).toBe(0);
    await insist(false);
    expect(await bank.code('/v01/health/ping')).toBe(0);
    for (const wrong of [{ colour: 1 }, { expired_invoice_status: '' }, { punish_polling: { equal_pauses: 1 } }]) {
      expect((await bank.control('PUT', '/kaspi/switches', wrong)).status).toBe(400);
    }
    await insist(true);
    await bank.control('POST', '/reset');
    expect((await bank.control('GET', '/kaspi/switches')).body).toEqual({
      request_id_required: false,
      expired_invoice_status: 'Expired',
      punish_polling: null,
    });
  });

  it('empty_message leaves the text of an answer empty', async () => {
    await bank.fault('empty_message', 'health/ping');
    expect(await bank.envelope('/v01/health/ping')).toEqual({ StatusCode: 0, Message: '' });
  });

  it('camel_case_options, no_message and the forms of dates change the looks of an answer and can be combined', async () => {
    const created = async (): Promise<Envelope & { Data: { ExpireDate: string } }> => {
      const outcome = await bank.create(token, 10);
      return JSON.parse(outcome.kind === 'answered' ? outcome.text : '') as Envelope & { Data: { ExpireDate: string } };
    };
    await bank.fault('camel_case_options', 'qr/create');
    await bank.fault('no_message', '*');
    await bank.fault('short_dates', 'qr/create');
    const odd = await created();
    expect(odd).not.toHaveProperty('Message');
    expect(odd.Data).toMatchObject({ QrPaymentBehaviorOptions: { statusPollingInterval: 1 } });
    expect(odd.Data.ExpireDate).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+05$/);
    await bank.fault('naive_dates', 'qr/create');
    expect((await created()).Data.ExpireDate).toMatch(/T\d\d:\d\d:\d\d\.\d{7}$/);
    expect((await created()).Data.ExpireDate).toMatch(/T\d\d:\d\d:\d\d\.\d{3}\+05:00$/);
  });

  it('amount_as_text writes the sum of the newer status versions as a text, in both known forms', async () => {
    const ids = [await bank.created(token, 1_234_567), await bank.created(token, 1_234_567)];
    bank.clock.advance(1500);
    await bank.fault('amount_as_text', 'payment/status', { times: null });
    const texts = [];
    for (const id of ids) texts.push((await bank.envelope(`/v02/payment/status/${id}`)).Data);
    const amounts = texts.map((data) => (data as { Amount: unknown }).Amount);
    expect(amounts).toEqual(expect.arrayContaining(['1234567.00', '1 234 567 ₸']));
  });

  it('happens as often as asked, for as long as asked, and only to what it matches', async () => {
    const id = await bank.created(token, 10);
    await bank.fault('http_500', 'payment/status', { times: null, match: { id: String(id) } });
    await bank.fault('http_503', 'qr/create', { match: { amount: 77, bin: BIN } });
    const other = await bank.created(token, 11);
    expect(await bank.status(other)).toBe('QrTokenCreated');
    for (let round = 0; round < 3; round += 1) {
      expect(await bank.answer(`/v01/payment/status/${id}`)).toMatchObject({ status: 500 });
    }
    expect(await bank.create(token, 77)).toMatchObject({ status: 503 });
    expect(await bank.create(token, 77)).toMatchObject({ status: 200 });
    expect(await bank.control('DELETE', '/faults')).toEqual({ status: 200, body: { faults: [] } });
    expect(await bank.status(id)).toBe('QrTokenCreated');
  });

  it('happens to one organization alone where it matches only a BIN', async () => {
    const others = await bank.register('desk-02', OTHER_BIN);
    await bank.fault('http_503', 'qr/create', { match: { bin: OTHER_BIN } });
    await bank.created(token, 10);
    expect(await bank.create(others, 10, 'S-2', OTHER_BIN)).toMatchObject({ status: 503 });
    expect(await bank.create(others, 10, 'S-2', OTHER_BIN)).toMatchObject({ status: 200 });
  });

  it('a star means every call', async () => {
    await bank.fault('status_code:-999', '*', { times: null });
    for (const path of ['/v01/health/ping', `/v01/partner/tradepoints/${BIN}`, '/v01/payment/status/1']) {
      expect((await bank.envelope(path)).StatusCode).toBe(-999);
    }
  });

  it('sends Data as null and leaves it out in turns on errors', async () => {
    const forms = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      const answer = await bank.envelope('/v01/payment/status/1');
      expect(answer.StatusCode).toBe(-1601);
      forms.add('Data' in answer ? String(answer.Data) : 'absent');
    }
    expect(forms).toEqual(new Set(['null', 'absent']));
  });

  function createBody(): { body: unknown } {
    return { body: { OrganizationBin: BIN, DeviceToken: token, Amount: 10, ExternalId: 'S-9' } };
  }
});
