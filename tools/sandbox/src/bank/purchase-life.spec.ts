import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyTransition, dueTransitions, isFinal, stepFits, transitionOf } from './purchase-life.ts';
import type { BuyerStep, LifeRules, PlannedStep, PurchaseLife } from './purchase-life.ts';

const RULES: LifeRules = { createdAtMs: 0, scanWaitMs: 30_000, confirmWaitMs: 15_000, cancelLagMs: 2000 };
const STEPS: BuyerStep[] = ['scan', 'confirm', 'scanerror', 'confirmerror'];

function born(plan: readonly PlannedStep[] = []): PurchaseLife {
  return { status: 'QrTokenCreated', sinceMs: 0, deadAtMs: null, plan };
}

function lifeAt(life: PurchaseLife, nowMs: number): PurchaseLife {
  return dueTransitions(life, RULES, nowMs).reduce(applyTransition, life);
}

const anyPlan = fc
  .array(fc.record({ atMs: fc.nat(60_000), step: fc.constantFrom(...STEPS) }), { maxLength: 6 })
  .map((steps) => steps.sort((left, right) => left.atMs - right.atMs));

describe('the life of a purchase as a function of time', () => {
  it('is the same whether somebody looks often or only once', () => {
    fc.assert(
      fc.property(anyPlan, fc.array(fc.nat(90_000), { maxLength: 20 }), (plan, looks) => {
        const often = [...looks, 90_000].sort((left, right) => left - right).reduce(lifeAt, born(plan));
        expect(often).toEqual(lifeAt(born(plan), 90_000));
      }),
    );
  });

  it('always ends, within both timers and the lag, and never changes afterwards', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const end = lifeAt(born(plan), 47_000);
        expect(isFinal(end.status)).toBe(true);
        expect(dueTransitions(end, RULES, Number.MAX_SAFE_INTEGER)).toEqual([]);
        for (const step of [...STEPS, 'pay_late'] as const) expect(stepFits(end, step)).toBe(false);
      }),
    );
  });

  it('is paid only by a confirmation within the timers after a scan within the timers', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        if (lifeAt(born(plan), 60_000).status !== 'Processed') return;
        const scan = plan.findIndex(({ step, atMs }) => step === 'scan' && atMs < 30_000);
        expect(scan).toBeGreaterThanOrEqual(0);
        const scannedAtMs = plan[scan]?.atMs ?? 0;
        const confirmed = plan.some(
          ({ step, atMs }) => step === 'confirm' && atMs >= scannedAtMs && atMs < scannedAtMs + 15_000,
        );
        expect(confirmed).toBe(true);
      }),
    );
  });

  it('takes no step between the automatic cancel and the Error that it becomes', () => {
    const dead = lifeAt(born(), 30_000);
    expect(dead).toMatchObject({ status: 'QrTokenCreated', deadAtMs: 30_000 });
    expect(transitionOf(dead, 'scan', 31_000)).toBeUndefined();
    expect(lifeAt(dead, 31_999).status).toBe('QrTokenCreated');
    expect(lifeAt(dead, 32_000)).toMatchObject({ status: 'Error', sinceMs: 32_000 });
  });

  it('is not cancelled while late money is on its way', () => {
    const life = born([{ atMs: 38_000, step: 'pay_late' }]);
    expect(lifeAt(life, 37_999).status).toBe('QrTokenCreated');
    expect(lifeAt(life, 38_000)).toMatchObject({ status: 'Processed', sinceMs: 38_000 });
  });
});
