import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BIN, OTHER_BIN, RunningBank } from './running-bank.ts';
import type { Envelope } from './running-bank.ts';

describe('purchase details and refunds without the buyer', () => {
  let bank: RunningBank;
  let token: string;
  let paid: number;

  beforeAll(async () => {
    bank = await RunningBank.start();
  });
  afterAll(() => bank.remove());
  beforeEach(async () => {
    await bank.control('POST', '/reset');
    token = await bank.register();
    paid = await bank.created(token, 100, 'S-100');
    bank.clock.advance(1500);
    expect(await bank.status(paid)).toBe('Processed');
  });

  const details = (id: number, asking = token): Promise<Envelope> =>
    bank.envelope(`/v01/payment/details?qrPaymentId=${id}&DeviceToken=${asking}`);
  const giveBack = (amount: unknown, id: unknown = paid, asking = token, bin = BIN): Promise<Envelope> =>
    bank.envelope('/v01/payment/return', {
      body: { DeviceToken: asking, QrPaymentId: id, Amount: amount, OrganizationBin: bin },
    });

  it('shows the sum, what can still be returned and the date of a paid purchase, without a Message', async () => {
    const answer = await details(paid);
    expect(answer).toEqual({
      StatusCode: 0,
      Data: {
        QrPaymentId: paid,
        TotalAmount: 100,
        AvailableReturnAmount: 100,
        TransactionDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+05:00$/),
      },
    });
  });

  it('hides purchases that are not paid, unknown, or asked for by a stranger', async () => {
    const open = await bank.created(token, 100);
    const foreign = await bank.register('desk-01', OTHER_BIN);
    const codes = [await details(open), await details(1), await details(paid, foreign), await details(paid, 'x')];
    expect(codes.map((answer) => answer.StatusCode)).toEqual([-1601, -1601, -1601, -1601]);
  });

  it('returns in parts down to nothing and never a tiyn more', async () => {
    expect((await giveBack(40.01)).StatusCode).toBe(0);
    expect((await details(paid)).Data).toMatchObject({ AvailableReturnAmount: 59.99, TotalAmount: 100 });
    expect((await giveBack(60)).StatusCode).toBe(-99000005);
    expect((await giveBack('59.99', String(paid))).StatusCode).toBe(0);
    expect((await giveBack(0.01)).StatusCode).toBe(-99000005);
    expect((await details(paid)).Data).toMatchObject({ AvailableReturnAmount: 0 });
    expect(await bank.status(paid)).toBe('Processed');
    const refunds = bank.sandbox.ledger().filter((row) => row.kind === 'refund');
    expect(refunds).toMatchObject([
      { amount: 4001, status: 'Processed', payment_id: String(paid), external_id: 'S-100', tax_id: BIN },
      { amount: 5999, status: 'Processed', payment_id: String(paid), calls: [{ call: 'payment/return' }] },
    ]);
  });

  it('is not idempotent: the same request twice returns twice', async () => {
    expect((await giveBack(10)).Data).not.toEqual((await giveBack(10)).Data);
    expect((await details(paid)).Data).toMatchObject({ AvailableReturnAmount: 80 });
  });

  it('returns once where the answer was lost after acting, and not where it was lost before', async () => {
    await bank.fault('lost_after', 'payment/return');
    const body = { DeviceToken: token, QrPaymentId: paid, Amount: 30, OrganizationBin: BIN };
    expect(await bank.call('/v01/payment/return', { body })).toMatchObject({ kind: 'cut' });
    expect((await details(paid)).Data).toMatchObject({ AvailableReturnAmount: 70 });
    await bank.fault('lost_before', 'payment/return');
    expect(await bank.call('/v01/payment/return', { body })).toMatchObject({ kind: 'cut' });
    expect((await details(paid)).Data).toMatchObject({ AvailableReturnAmount: 70 });
  });

  it('returns a purchase that cannot be split whole or not at all, by script and by hand', async () => {
    const scripted = await bank.created(token, 1_000_011, 'S-11');
    await bank.status(scripted);
    bank.clock.advance(1500);
    expect(await bank.status(scripted)).toBe('Processed');
    expect((await giveBack(1_000_010, scripted)).StatusCode).toBe(-99000020);
    expect((await giveBack(1_000_011, scripted)).StatusCode).toBe(0);
    expect((await giveBack(1, paid)).StatusCode).toBe(0);
    expect(await bank.control('POST', `/kaspi/payments/${paid}/no_partial_refund`)).toMatchObject({ status: 200 });
    expect((await giveBack(1)).StatusCode).toBe(-99000020);
    await bank.stop();
    await bank.open();
    expect((await giveBack(1)).StatusCode).toBe(-99000020);
  });

  it('lets a cashier return in the bank’s own app: what is left shrinks for everybody, and the books say who', async () => {
    const byHand = (amount: unknown): ReturnType<RunningBank['control']> =>
      bank.control('POST', `/kaspi/payments/${paid}/return`, { amount });
    expect(await byHand(60)).toMatchObject({ status: 200, body: { payment_id: String(paid), available: '40.00' } });
    expect((await details(paid)).Data).toMatchObject({ AvailableReturnAmount: 40 });
    expect((await giveBack(41)).StatusCode).toBe(-99000005);
    expect((await giveBack(40)).StatusCode).toBe(0);
    expect(await byHand(1)).toMatchObject({ status: 409, body: { code: 'refused', status_code: -99000005 } });
    const rows = bank.sandbox.ledger().filter((row) => row.kind === 'refund');
    expect(rows.map((row) => [row.by, row.amount, row.payment_id])).toEqual([
      ['cashier_app', 6000, String(paid)],
      ['api', 4000, String(paid)],
    ]);
    const open = await bank.created(token, 100);
    const early = await bank.control('POST', `/kaspi/payments/${open}/return`, { amount: 1 });
    expect(early).toMatchObject({ status: 409, body: { status_code: -99000011 } });
    expect(await bank.control('POST', '/kaspi/payments/1/return', { amount: 1 })).toMatchObject({ status: 404 });
  });

  it('refuses what the rules forbid, each with its own code, and books nothing', async () => {
    const open = await bank.created(token, 100);
    const otherDesk = await bank.register('desk-02');
    const otherPoint = await bank.register('desk-03', BIN, 1);
    const foreign = await bank.register('desk-01', OTHER_BIN);
    const code = async (answer: Promise<Envelope>): Promise<number> => (await answer).StatusCode;
    expect(await code(giveBack(1, open))).toBe(-99000011);
    expect(await code(giveBack(1, 1))).toBe(-1601);
    expect(await code(giveBack(1, paid, otherPoint))).toBe(-99000003);
    expect(await code(giveBack(1, paid, foreign, OTHER_BIN))).toBe(-99000001);
    expect(await code(giveBack(1, paid, foreign))).toBe(-1501);
    expect(await code(giveBack(0))).toBe(-99000005);
    expect(await code(giveBack(1.005))).toBe(-99000005);
    expect(await code(giveBack(1, paid, token, '260141000010'))).toBe(-99000002);
    expect(bank.sandbox.ledger().filter((row) => row.kind === 'refund')).toEqual([]);
    expect(await code(giveBack(1, paid, otherDesk))).toBe(0);
  });
});
