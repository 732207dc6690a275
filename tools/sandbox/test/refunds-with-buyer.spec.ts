import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BIN, OTHER_BIN, RunningBank, until } from './running-bank.ts';

interface Operation {
  readonly QrPaymentId: number;
  readonly TransactionDate: string;
  readonly Amount: number;
}

describe('refunds with the buyer, scheme 2', () => {
  let bank: RunningBank;
  let token: string;

  beforeAll(async () => {
    bank = await RunningBank.start();
  });
  afterAll(() => bank.remove());
  beforeEach(async () => {
    await bank.control('POST', '/reset');
    token = await bank.registerOwn('r2');
  });

  const scheme = 'r2' as const;
  async function pay(amount: number, buyer = 'buyer-1', desk = token): Promise<number> {
    await bank.control('PUT', '/autopilot', { kaspi: null });
    const body = { DeviceToken: desk, Amount: amount };
    const { QrPaymentId } = await bank.data<{ QrPaymentId: number }>('/v01/qr/create', { scheme, body });
    await bank.control('POST', `/kaspi/payments/${QrPaymentId}/scan`, { buyer });
    await bank.control('POST', `/kaspi/payments/${QrPaymentId}/confirm`);
    bank.clock.advance(1000);
    return QrPaymentId;
  }
  async function open(externalId?: string): Promise<number> {
    const body = { DeviceToken: token, ...(externalId === undefined ? {} : { ExternalId: externalId }) };
    return (await bank.data<{ QrReturnId: number }>('/v01/return/create', { scheme, body })).QrReturnId;
  }
  const scan = (id: number, buyer?: string): ReturnType<RunningBank['control']> =>
    bank.control('POST', `/kaspi/returns/${id}/scan`, buyer === undefined ? undefined : { buyer });
  const status = async (id: number): Promise<string> =>
    (await bank.data<{ Status: string }>(`/v01/return/status/${id}`, { scheme })).Status;
  const list = (id: number, more: Record<string, unknown> = {}): Promise<Operation[]> =>
    bank.data('/v01/return/operations', { scheme, body: { DeviceToken: token, QrReturnId: id, ...more } });
  const listCode = (id: number, asking = token): Promise<number> =>
    bank.code('/v01/return/operations', { scheme, body: { DeviceToken: asking, QrReturnId: id } });
  const giveBack = (code: number, payment: number, amount: number, asking = token): Promise<number> =>
    bank.code('/v01/payment/return', {
      scheme,
      body: { DeviceToken: asking, QrPaymentId: payment, QrReturnId: code, Amount: amount },
    });

  it('begin with a code and its own names in the answer', async () => {
    const body = { DeviceToken: token, ExternalId: 'R-1' };
    const made = await bank.data<Record<string, unknown>>('/v01/return/create', { scheme, body });
    expect(made).toEqual({
      QrToken: expect.stringMatching(/^\d{41}$/),
      ExpireDate: expect.stringMatching(/T\d\d:\d\d:\d\d\.\d{3}\+05:00$/),
      QrReturnId: expect.any(Number),
      QrReturnBehaviorOptions: { QrCodeScanEventPollingInterval: 1, QrCodeScanWaitTimeout: 30 },
    });
    expect(bank.sandbox.ledger()).toMatchObject([
      { kind: 'refund_code', external_id: 'R-1', tax_id: BIN, status: 'QrTokenCreated', amount: 0 },
    ]);
  });

  it('go from the code to the scan, the list, the details and the refund, and stand in the books', async () => {
    const paid = await pay(1490, 'aigerim');
    const code = await open('R-2');
    expect(await status(code)).toBe('QrTokenCreated');
    expect(await scan(code, 'aigerim')).toMatchObject({ status: 200, body: { status: 'CustomerIdentityObtained' } });
    expect(await status(code)).toBe('CustomerIdentityObtained');
    const [operation] = await list(code);
    expect(operation).toEqual({
      QrPaymentId: paid,
      TransactionDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}$/),
      Amount: 1490,
    });
    await bank.fault('full_dates', 'return/operations');
    const [inFull] = await list(code);
    expect(inFull?.TransactionDate).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+05:00$/);
    expect(await giveBack(code, paid, 490)).toBe(0);
    const details = `/v01/payment/details?QrPaymentId=${paid}&DeviceToken=${token}`;
    expect(await bank.data(details, { scheme })).toMatchObject({ TotalAmount: 1490, AvailableReturnAmount: 1000 });
    expect(bank.sandbox.ledger().find((row) => row.kind === 'refund')).toMatchObject({
      payment_id: String(paid),
      amount: 49_000,
      by: 'api',
      buyer: 'aigerim',
      calls: [{ call: 'payment/return', answered: true }],
    });
  });

  it('list the purchases of whoever scanned in this trade point only, the newest first, ten at most', async () => {
    const mine: number[] = [];
    for (let count = 0; count < 12; count += 1) mine.unshift(await pay(10 + count, 'nurlan'));
    await pay(999, 'dinara');
    await pay(998, 'nurlan', await bank.registerOwn('r2', 'desk-02', 1));
    const code = await open();
    await scan(code, 'nurlan');
    const ids = async (more?: Record<string, unknown>): Promise<number[]> =>
      (await list(code, more)).map((operation) => operation.QrPaymentId);
    expect(await ids()).toEqual(mine.slice(0, 10));
    expect(await ids({ MaxResult: 3 })).toEqual(mine.slice(0, 3));
    expect(await ids({ MaxResult: '50' })).toEqual(mine.slice(0, 10));
    const zero = { DeviceToken: token, QrReturnId: code, MaxResult: 0 };
    expect((await bank.answer('/v01/return/operations', { scheme, body: zero })).status).toBe(400);
  });

  it('list nothing for a buyer who has bought nothing', async () => {
    await pay(10, 'nurlan');
    const code = await open();
    await scan(code, 'stranger');
    expect(await list(code)).toEqual([]);
  });

  it('die when nobody scans: Error two seconds after the scan timer, and no scan after it', async () => {
    const code = await open();
    bank.clock.advance(30_000);
    expect(await scan(code)).toMatchObject({ status: 409 });
    bank.clock.advance(1999);
    expect(await status(code)).toBe('QrTokenCreated');
    bank.clock.advance(1);
    expect(await status(code)).toBe('Error');
    expect(await listCode(code)).toBe(-1601);
  });

  it('end five minutes after a scan that nobody used', async () => {
    const paid = await pay(10);
    const code = await open();
    await scan(code);
    bank.clock.advance(299_999);
    expect(await status(code)).toBe('CustomerIdentityObtained');
    bank.clock.advance(1);
    expect(await status(code)).toBe('Error');
    expect(await giveBack(code, paid, 1)).toBe(-99000006);
  });

  it('use a code once', async () => {
    const paid = await pay(100);
    const code = await open();
    await scan(code);
    expect(await scan(code)).toMatchObject({ status: 409 });
    expect(await giveBack(code, paid, 200)).toBe(-99000005);
    expect(await giveBack(code, paid, 40)).toBe(0);
    expect(await giveBack(code, paid, 40)).toBe(-99000006);
    expect(await listCode(code)).toBe(-1601);
    expect(bank.sandbox.ledger().filter((row) => row.kind === 'refund')).toHaveLength(1);
  });

  it('refuse what the rules forbid, each with its own code', async () => {
    const paid = await pay(100, 'nurlan');
    const [unscanned, scanned] = [await open(), await open()];
    await scan(scanned, 'dinara');
    expect(await giveBack(unscanned, paid, 1)).toBe(-99000006);
    expect(await giveBack(scanned, paid, 1)).toBe(-99000001);
    expect(await giveBack(1, paid, 1)).toBe(-1601);
    expect(await giveBack(scanned, 1, 1)).toBe(-1601);
    expect(await listCode(unscanned)).toBe(-1601);
    expect(await listCode(1)).toBe(-1601);
    const otherPoint = await bank.registerOwn('r2', 'desk-02', 1);
    expect(await listCode(scanned, otherPoint)).toBe(-1601);
    const mine = await open();
    await scan(mine, 'nurlan');
    expect(await giveBack(mine, paid, 1, otherPoint)).toBe(-99000003);
    expect(await giveBack(mine, paid, 1)).toBe(0);
  });

  it('keep the codes of organizations apart', async () => {
    const code = await open();
    const pem = await bank.certificateFor(OTHER_BIN);
    expect(await bank.code(`/v01/return/status/${code}`, { scheme, pem })).toBe(-1601);
    const body = { DeviceToken: token, QrReturnId: code };
    expect(await bank.code('/v01/return/operations', { scheme, pem, body })).toBe(-1601);
    expect(await bank.code('/v01/return/create', { scheme, pem, body: { DeviceToken: token } })).toBe(-1501);
  });

  it('are scanned by the autopilot when it is told to and somebody asks', async () => {
    const timing = { scan_ms: 10, confirm_ms: 20, return_scan_ms: 700 };
    await bank.control('PUT', '/autopilot', { kaspi: timing });
    const [shown, unseen] = [await open(), await open()];
    expect(await status(shown)).toBe('QrTokenCreated');
    bank.clock.advance(699);
    expect(await status(shown)).toBe('QrTokenCreated');
    bank.clock.advance(1);
    expect(await status(shown)).toBe('CustomerIdentityObtained');
    bank.clock.advance(40_000);
    const rows = bank.sandbox.ledger();
    expect(rows.find((row) => row.id === String(unseen))).toMatchObject({ status: 'Error', buyer: null });
  });

  it('lose a code with its answer, and show a delayed one late', async () => {
    await bank.control('PUT', '/autopilot', { kaspi: { scan_ms: 1, confirm_ms: 2, return_scan_ms: 500 } });
    await bank.fault('lost_after', 'return/create');
    const body = { DeviceToken: token };
    expect(await bank.call('/v01/return/create', { scheme, body })).toMatchObject({ kind: 'cut' });
    await bank.fault('delay:50', 'return/create');
    const waiting = open();
    await until(() => bank.sandbox.ledger().length === 2);
    bank.clock.advance(5000);
    const late = await waiting;
    expect(await status(late)).toBe('QrTokenCreated');
    await until(() => bank.sandbox.ledger().every((row) => row.calls.length > 0));
    bank.clock.advance(500);
    expect(await status(late)).toBe('CustomerIdentityObtained');
    const [lost] = bank.sandbox.ledger().filter((row) => row.id !== String(late));
    expect(await status(Number(lost?.id))).toBe('QrTokenCreated');
  });

  it('are known after a restart: the scan, the buyer, the use', async () => {
    const paid = await pay(100, 'nurlan');
    const [used, fresh] = [await open('R-1'), await open('R-2')];
    await scan(used, 'nurlan');
    await scan(fresh, 'nurlan');
    expect(await giveBack(used, paid, 10)).toBe(0);
    const before = bank.sandbox.ledger();
    await bank.stop();
    await bank.open();
    expect(bank.sandbox.ledger()).toEqual(before);
    expect(await giveBack(used, paid, 10)).toBe(-99000006);
    expect((await list(fresh)).map((operation) => operation.QrPaymentId)).toEqual([paid]);
  });
});
