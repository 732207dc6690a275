import { describe, expect, it } from '@jest/globals';
import type { BankPayment } from './bank-ledger.ts';
import { disagreements, latenciesOf } from './payment-latencies.ts';
import type { TillRecord } from './till.ts';

const till: TillRecord = {
  payment: 'pay_1',
  sentAtMs: 1_000,
  createToQrMs: 40.5,
  endedAtMs: 3_030,
  lifeMs: 2_030,
  requests: 3,
  error: undefined,
};
const status = (at: number, said: string, answered_at: number | null) => ({
  at,
  call: 'payment/status',
  answered_at,
  status: said,
});
const bank: BankPayment = {
  id: '17',
  status: 'Processed',
  calls: [
    { at: 1_012, call: 'qr/create', answered_at: 1_017, status: null },
    status(2_000, 'Wait', 2_001),
    status(3_000, 'Processed', null),
    status(3_010, 'Processed', 3_012),
    status(3_020, 'Processed', 3_021),
  ],
};

describe('the latencies of a payment', () => {
  it('leave the bank its own time, and start at the first answer that the bank really gave', () => {
    expect(latenciesOf([till], new Map([['pay_1', bank]]))).toEqual({
      createToQr: [35.5],
      createToQrWhole: [40.5],
      buttonToDoor: [12],
      factToTill: [18],
      life: [2_030],
      questions: 4,
    });
  });

  it('are not made up for payments that failed or that the bank does not know', () => {
    expect(latenciesOf([{ ...till, error: 'POST answered 503' }], new Map([['pay_1', bank]]))).toMatchObject({
      createToQr: [],
      life: [],
    });
    expect(latenciesOf([till], new Map())).toMatchObject({ createToQr: [], buttonToDoor: [], factToTill: [] });
  });
});

describe('the books', () => {
  it('agree where the bank was paid for what succeeded', () => {
    expect(disagreements([till], new Map([['pay_1', bank]]))).toEqual([]);
  });

  it('do not agree where the bank knows nothing of it, or holds no money', () => {
    expect(disagreements([till], new Map())).toEqual(['the bank does not know pay_1, which succeeded']);
    expect(disagreements([till], new Map([['pay_1', { ...bank, status: 'Error' }]]))).toEqual([
      'pay_1 succeeded, and the bank says Error',
    ]);
  });
});
