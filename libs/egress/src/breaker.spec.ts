import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import fc from 'fast-check';
import { Breaker } from './breaker.ts';
import type { Admission, TransportVerdict } from './breaker.ts';

const LIMITS = { failures: 3, pauseMs: 500, maxPauseMs: 1_800 };

function bench(): {
  clock: ManualClock;
  breaker: Breaker;
  changes: string[];
  admit(): number;
  fail(times: number): void;
} {
  const clock = new ManualClock();
  const changes: string[] = [];
  const breaker = new Breaker(
    LIMITS,
    () => clock.monotonicMs(),
    (state, retryAfterMs) => changes.push(`${state} ${retryAfterMs}`),
  );
  const admit = (): number => {
    const admission = breaker.admit();
    if (!admission.admitted) throw new Error(`not admitted for ${admission.retryAfterMs} ms`);
    return admission.permit;
  };
  const fail = (times: number): void => {
    for (let n = 0; n < times; n += 1) breaker.report(admit(), 'fails');
  };
  return { clock, breaker, changes, admit, fail };
}

describe('the breaker', () => {
  it('opens at the failures in a row that were agreed, not before', () => {
    const { breaker, admit, fail, changes } = bench();
    fail(2);
    breaker.report(admit(), 'works');
    fail(2);
    breaker.report(admit(), 'says_nothing');
    expect(breaker.state).toBe('closed');
    fail(1);
    expect(breaker.state).toBe('open');
    expect(changes).toEqual(['open 500']);
  });

  it('lets nothing through during the pause and says how long it lasts', () => {
    const { breaker, clock, fail } = bench();
    fail(3);
    expect(breaker.admit()).toEqual({ admitted: false, retryAfterMs: 500 });
    clock.advance(499);
    expect(breaker.admit()).toEqual({ admitted: false, retryAfterMs: 1 });
  });

  it('then lets one probe through at a time, whose success closes it', () => {
    const { breaker, clock, fail, admit, changes } = bench();
    fail(3);
    clock.advance(500);
    const probe = admit();
    expect(breaker.admit()).toEqual({ admitted: false, retryAfterMs: 500 });
    breaker.report(probe, 'works');
    expect(breaker.state).toBe('closed');
    fail(2);
    expect(breaker.state).toBe('closed');
    expect(changes).toEqual(['open 500', 'half_open 500', 'closed 0']);
  });

  it('doubles the pause with every probe that fails, up to its bound, and starts over after a success', () => {
    const { breaker, clock, fail, admit, changes } = bench();
    fail(3);
    for (const pauseMs of [500, 1_000, 1_800, 1_800]) {
      expect(breaker.admit()).toEqual({ admitted: false, retryAfterMs: pauseMs });
      clock.advance(pauseMs);
      breaker.report(admit(), 'fails');
    }
    clock.advance(1_800);
    breaker.report(admit(), 'works');
    fail(3);
    expect(changes.at(-1)).toBe('open 500');
  });

  it('a probe that says nothing makes room for the next one', () => {
    const { breaker, clock, fail, admit } = bench();
    fail(3);
    clock.advance(500);
    breaker.report(admit(), 'says_nothing');
    expect(breaker.state).toBe('half_open');
    breaker.report(admit(), 'works');
    expect(breaker.state).toBe('closed');
  });

  it('requests from before a change have no say: neither late failures nor late successes', () => {
    const { breaker, clock, fail, admit, changes } = bench();
    const early = Array.from({ length: 20 }, admit);
    fail(3);
    for (const permit of early.slice(0, 5)) breaker.report(permit, 'works');
    expect(breaker.state).toBe('open');
    clock.advance(500);
    const probe = admit();
    for (const permit of early.slice(5, 10)) breaker.report(permit, 'fails');
    breaker.report(probe, 'works');
    for (const permit of early.slice(10)) breaker.report(permit, 'fails');
    expect(breaker.state).toBe('closed');
    expect(changes).toEqual(['open 500', 'half_open 500', 'closed 0']);
  });

  it('whatever happens, half open admits one at a time, open none, and no pause is longer than its bound', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('admit' as const) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.nat(2_000) }),
      fc.record({
        do: fc.constant('report' as const),
        at: fc.nat(10),
        verdict: fc.constantFrom<TransportVerdict>('works', 'fails', 'fails', 'says_nothing'),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { clock, breaker } = bench();
        const running: { permit: number; probe: boolean }[] = [];
        for (const now of steps) {
          if (now.do === 'wait') clock.advance(now.ms);
          else if (now.do === 'report') {
            const [one] = running.splice(now.at, 1);
            if (one !== undefined) breaker.report(one.permit, now.verdict);
          } else {
            const before = breaker.state;
            const admission: Admission = breaker.admit();
            if (!admission.admitted) {
              expect(before).not.toBe('closed');
              expect(admission.retryAfterMs).toBeGreaterThan(0);
              expect(admission.retryAfterMs).toBeLessThanOrEqual(LIMITS.maxPauseMs);
              continue;
            }
            const probe = before !== 'closed';
            if (probe) {
              expect(breaker.state).toBe('half_open');
              expect(running.filter((other) => other.probe && other.permit === admission.permit - 1)).toHaveLength(0);
            }
            running.push({ permit: admission.permit, probe });
          }
        }
      }),
    );
  });
});
