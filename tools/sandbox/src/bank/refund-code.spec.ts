import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RETURN_USE_MS, canBeScanned, canBeUsed, dueCodeTransition } from './refund-code.ts';
import type { RefundCode } from './refund-code.ts';

function code(change: Partial<RefundCode> = {}): RefundCode {
  return {
    id: 1,
    bin: '260360000051',
    tradePointId: 41,
    externalId: null,
    atMs: 0,
    scanWaitMs: 30_000,
    cancelLagMs: 2000,
    pollIntervalMs: 1000,
    plannedScanAtMs: null,
    status: 'QrTokenCreated',
    sinceMs: 0,
    buyer: null,
    refundId: null,
    seq: 1,
    asked: true,
    saidStatuses: new Set(),
    calls: [],
    ...change,
  };
}

describe('the life of a refund code as a function of time', () => {
  it('is scanned by plan exactly when the plan is within the timer and the code is on a screen', () => {
    fc.assert(
      fc.property(fc.nat(60_000), fc.boolean(), (plannedScanAtMs, asked) => {
        const due = dueCodeTransition(code({ plannedScanAtMs, asked }), 100_000);
        const scanned = asked && plannedScanAtMs < 30_000;
        expect(due?.status).toBe(scanned ? 'CustomerIdentityObtained' : 'Error');
        expect(due?.atMs).toBe(scanned ? plannedScanAtMs : 32_000);
      }),
    );
  });

  it('ends by itself, scanned or not, and never changes afterwards', () => {
    expect(dueCodeTransition(code(), 31_999)).toBeUndefined();
    expect(dueCodeTransition(code(), 32_000)).toEqual({ atMs: 32_000, status: 'Error' });
    const scanned = code({ status: 'CustomerIdentityObtained', sinceMs: 5000 });
    expect(dueCodeTransition(scanned, 4999 + RETURN_USE_MS)).toBeUndefined();
    expect(dueCodeTransition(scanned, 5000 + RETURN_USE_MS)?.status).toBe('Error');
    expect(dueCodeTransition(code({ status: 'Error' }), Number.MAX_SAFE_INTEGER)).toBeUndefined();
  });

  it('can be scanned until the timer is over and used once after the scan', () => {
    expect([canBeScanned(code(), 29_999), canBeScanned(code(), 30_000)]).toEqual([true, false]);
    expect(canBeScanned(code({ status: 'CustomerIdentityObtained' }), 0)).toBe(false);
    expect([canBeUsed(code()), canBeUsed(code({ status: 'Error' }))]).toEqual([false, false]);
    expect(canBeUsed(code({ status: 'CustomerIdentityObtained' }))).toBe(true);
    expect(canBeUsed(code({ status: 'CustomerIdentityObtained', refundId: 2 }))).toBe(false);
  });
});
