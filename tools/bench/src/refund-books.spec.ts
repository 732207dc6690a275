import { describe, expect, it } from '@jest/globals';
import type { BankCall } from './bank-ledger.ts';
import { bankTimeMs, compareBooks } from './refund-books.ts';
import type { RefundRecord } from './refund-till.ts';

const record = (more: Partial<RefundRecord> = {}): RefundRecord => ({
  sold: { payment: 'pay_1', bankId: '17' },
  amountMinor: 49_000,
  ...{ sentAtMs: 1_000, endedAtMs: 1_100, tookMs: 100 },
  ...{ status: 'succeeded', error: undefined },
  ...more,
});
const call = (name: string, at: number, tookMs: number | null): BankCall => ({
  ...{ call: name, at, answered_at: tookMs === null ? null : at + tookMs, status: null },
});
const returned = (amount: number, calls: BankCall[] = []) => ({ payment_id: '17', amount, calls });

describe('the books of refunds', () => {
  it('agree where what succeeded went back once, and what failed did not', () => {
    expect(compareBooks([record()], [returned(49_000)])).toEqual({ disagreements: [], returnedTwice: [] });
    expect(compareBooks([record({ status: 'failed' })], [])).toEqual({ disagreements: [], returnedTwice: [] });
  });

  it('money that went back twice is found, also where both sides call it a success', () => {
    const { disagreements, returnedTwice } = compareBooks([record()], [returned(49_000), returned(49_000)]);
    expect(returnedTwice).toEqual(['17']);
    expect(disagreements).toEqual(['pay_1: succeeded here, 98000 of 49000 went back there']);
  });

  it('money that went back unnoticed, and a success that never went back, disagree', () => {
    expect(compareBooks([record({ status: 'failed' })], [returned(49_000)]).disagreements).toHaveLength(1);
    expect(compareBooks([record()], []).disagreements).toHaveLength(1);
    const lost = record({ status: 'unknown', error: 'still unknown after 12 answers' });
    expect(compareBooks([lost], []).disagreements).toEqual([
      'pay_1: unknown here (still unknown after 12 answers), 0 of 49000 went back there',
    ]);
  });

  it('the bank’s own time is that of the calls that were made for this refund alone', () => {
    const payment = {
      ...{ id: '17', status: 'Processed' },
      calls: [
        call('payment/details', 500, 400),
        call('payment/details', 1_010, 7),
        call('payment/status', 1_020, 50),
        call('payment/details', 1_090, null),
      ],
    };
    const bank = [returned(49_000, [call('payment/return', 1_030, 20)])];
    expect(bankTimeMs(record(), payment, bank)).toBe(27);
  });
});
