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

  it('refuses what the rules forbid, each with its own code, and books nothing', async () => {
    const open = await bank.created(token, 100);
    const otherDesk = await bank.register('desk-02');
    const otherPoint = await bank.register('desk-03', BIN, 1);
    const foreign = await bank.register('desk-01', OTHER_BIN);
    const code = async (answer: Promise<Envelope>): Promise<number> => (await answer).StatusCode;
    expect(await code(giveBack(1, open))).toBe(-99000011);
    expect(await code(giveBack(1, 1))).toBe(-99000001);
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
