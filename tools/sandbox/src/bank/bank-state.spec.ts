import { describe, expect, it } from '@jest/globals';
import type { JournalRecord } from '../journal/journal-record.ts';
import { BankState } from './bank-state.ts';

const SHARED: Omit<Extract<JournalRecord, { t: 'purchase' }>, 'id'> = {
  t: 'purchase',
  kind: 'qr',
  bin: '260360000051',
  tradePointId: 41,
  deviceToken: 'token',
  externalId: null,
  amountMinor: 1000,
  atMs: 0,
  scanWaitMs: 30_000,
  confirmWaitMs: 15_000,
  cancelLagMs: 2000,
  pollIntervalMs: 1000,
  silentUntilMs: 0,
  limboPolls: 0,
  fullRefundOnly: false,
  invoice: null,
  plan: [],
};

function end(state: BankState, id: number): void {
  state.apply({ t: 'status', id, atMs: 1, status: 'Error', deadAtMs: null });
}

describe('the memory of the bank', () => {
  it('is bounded: the oldest final purchases leave it with their refunds, open ones stay', () => {
    const state = new BankState(1, 3);
    for (const id of [1, 2, 3]) state.apply({ ...SHARED, id });
    state.apply({ t: 'refund', id: 100, paymentId: 2, amountMinor: 10, atMs: 1, by: 'api', codeId: null });
    end(state, 2);
    end(state, 3);
    state.apply({ ...SHARED, id: 4 });
    expect([...state.purchases.keys()]).toEqual([1, 3, 4]);
    expect(state.refunds.size).toBe(0);
    expect(state.forgotten).toBe(1);
    state.apply({ ...SHARED, id: 5 });
    expect([...state.purchases.keys()]).toEqual([1, 4, 5]);
  });

  it('keeps the calls of a row within bounds, the first ones and the newest', () => {
    const state = new BankState(1);
    state.apply({ ...SHARED, id: 1 });
    for (let atMs = 0; atMs < 600; atMs += 1) {
      const call = { call: 'payment/status', atMs, answered: true, answeredAtMs: atMs, status: null };
      state.apply({ t: 'call', id: 1, refundId: null, ...call });
    }
    const calls = state.purchases.get(1)?.calls ?? [];
    expect([calls.length, calls[0]?.atMs, calls.at(-1)?.atMs]).toEqual([500, 0, 599]);
  });

  it('never hands out an id that a purchase or refund has had', () => {
    const state = new BankState(10);
    state.apply({ ...SHARED, id: 17 });
    expect(state.nextId).toBe(18);
    state.apply({ t: 'refund', id: 18, paymentId: 17, amountMinor: 10, atMs: 1, by: 'api', codeId: null });
    expect(state.nextId).toBe(19);
  });
});
