import { describe, expect, it } from '@jest/globals';
import { type RefundBooks, refundDifferences } from './refund-books.ts';

const wanted = { payment: 'pay_1', amountMinor: 30, whole: false, sentAtMs: 1_800_000_000_000 };
const asked = { ...wanted, key: 'a-1-back-1', refund: 'ref_1', told: 'succeeded' } as const;
const rest = { ...asked, key: 'a-1-back-2', amountMinor: 70, refund: 'ref_2' };
const shown = { id: 'ref_1', status: 'succeeded', late: false, version: 2 } as const;
const part = { ...shown, payment: 'pay_1', amount: 30, reference: asked.key, provider: { id: '31', purchase: '7' } };
/** The bank's books showed it: they tell no id. */
const found = { ...part, id: 'ref_2', amount: 70, reference: rest.key, provider: { id: null, purchase: '7' } };
const row = {
  ...{ kind: 'refund', id: '31', external_id: 'pay_1', payment_id: '7', amount: 30, status: 'Processed', calls: [] },
};
const restRow = { ...row, id: '32', amount: 70 };
const payment = { id: 'pay_1', status: 'succeeded', amount: 100, amount_refunded: 100, amount_refundable: 0 };
const payments = (change: Partial<typeof payment>): Pick<RefundBooks, 'payments'> => ({
  payments: new Map([['pay_1', { ...payment, ...change }]]),
});
const bank = (...returns: (typeof row)[]): Pick<RefundBooks, 'bank'> => ({ bank: { purchases: [], returns } });

const AGREE: RefundBooks = { asked: [asked, rest], ours: [part, found], ...payments({}), ...bank(row, restRow) };
const FAILED = { status: 'failed', provider: { id: null, purchase: '7' } } as const;

describe('books of refunds that agree', () => {
  it('show no difference, the return that only reading has shown included', () => {
    expect(refundDifferences(AGREE)).toEqual([]);
  });

  it('may have a refund that came to nothing on all sides', () => {
    const books: RefundBooks = {
      ...{ asked: [asked, { ...rest, told: 'failed' }], ours: [part, { ...found, ...FAILED }] },
      ...payments({ amount_refunded: 30, amount_refundable: 70 }),
      ...bank(row),
    };
    expect(refundDifferences(books)).toEqual([]);
  });
});

describe('books of refunds that differ', () => {
  const cases: readonly [string, Partial<RefundBooks>, string][] = [
    ['a till without an end', { asked: [{ ...asked, error: 'still unknown' }, rest] }, 'still unknown'],
    ['a till that was told otherwise', { asked: [{ ...asked, told: 'failed' }, rest] }, 'its till was told failed'],
    ['a refund that is lost', { ours: [found] }, 'ref_1 is not in our books'],
    ['a refund over another sum', { asked: [{ ...asked, amountMinor: 31 }, rest] }, 'not a-1-back-1 over 31 of pay_1'],
    ['a refund of another payment', { ours: [{ ...part, payment: 'pay_2' }, found] }, 'over 30 of pay_2, not'],
    ['two refunds of one key', { ours: [part, found, { ...part, id: 'ref_3' }] }, 'a-1-back-1 has 2 refunds'],
    ['a refund that nobody asked for', { asked: [asked] }, 'ref_2: nobody asked for it'],
    ['a refund without an end', { ours: [part, { ...found, status: 'unknown' }] }, 'ref_2 is unknown, which is no end'],
    ['money that went back twice', bank(row, restRow, { ...row, id: '33' }), 'gave 30 of 7 back as 33, which we do'],
    ['a return found by reading, made twice', bank(row, restRow, { ...restRow, id: '33' }), 'gave 70 of 7 back as 33'],
    ['money that we do not see', { ours: [{ ...part, ...FAILED }, found] }, 'gave 30 of 7 back as 31, which we do not'],
    ['money that did not go back', bank(row), 'ref_2 is succeeded here and did not go back'],
    ['a return under another id', bank({ ...row, id: '34' }, restRow), 'ref_1 went back as 31, which the bank has not'],
    ['a return of another purchase', bank({ ...row, payment_id: '8' }, restRow), 'ref_1 went back as 31, which the'],
    ['another sum at the bank', bank({ ...row, amount: 31 }, restRow), 'over 30 here and over 31 at the bank'],
    [
      'a payment that shows another sum',
      payments({ amount_refunded: 30 }),
      'shows 30 as refunded, its refunds make 100',
    ],
    ['what stays reserved', payments({ amount_refundable: -70 }), 'shows -70 as refundable, left are 0'],
  ];

  it.each(cases)('name %s', (_, change, difference) => {
    expect(refundDifferences({ ...AGREE, ...change }).join('\n')).toContain(difference);
  });
});
