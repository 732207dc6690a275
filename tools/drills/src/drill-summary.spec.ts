import { describe, expect, it } from '@jest/globals';
import { crash } from './crash-drills.ts';
import type { Scene } from './drill.ts';
import { drillFailures } from './drill-failures.ts';
import { drillSummary } from './drill-summary.ts';
import { rolled } from './service-drills.ts';

const NONE = { requests: 40, refused: 0, cut: 2, timedOut: 0, unavailable: 3, broken: 0, failed: 0 };
const PASSED = { recoveryMs: 300, requests: NONE, ended: [], differences: [] };

/** A scene in which nothing runs but what a drill asks of the house. */
function sceneWith(house: unknown): { scene: Scene; failures: string[] } {
  const failures: string[] = [];
  const scene = {
    ...{ house: house as Scene['house'], load: { sales: [] } as unknown as Scene['load'], long: false },
    wait: () => Promise.resolve(),
    say: () => undefined,
    failed: (what: string) => void failures.push(what),
  };
  return { scene, failures };
}

describe('a run of drills', () => {
  it('ends with 0 where each recovered and the books agree, whatever tills had to repeat', () => {
    const failures = drillFailures(PASSED, []);
    expect(drillSummary([{ name: 'calm', failures, differences: [] }])).toEqual({
      lines: ['The books agree after every drill.'],
      exitCode: 0,
    });
  });

  it.each([
    ['never recovered', { ...PASSED, recoveryMs: null }, [], 'not recovered within a minute'],
    ['lost a process', { ...PASSED, ended: ['kaspi 2'] }, [], 'kaspi 2 ended by itself'],
    ['lost a request', { ...PASSED, requests: { ...NONE, failed: 1 } }, [], '1 requests had no answer'],
    ['saw what must not be', PASSED, ['“after paid commits” was not reached'], 'was not reached'],
    ['left books that differ', { ...PASSED, differences: ['pay_1 was paid 2 times'] }, [], 'differ in 1 places'],
  ])('ends with 1 where one %s, and names it', (_, shown, seen, told) => {
    const { differences } = shown;
    const { lines, exitCode } = drillSummary([
      { name: 'calm', failures: [], differences: [] },
      { name: 'other', failures: drillFailures(shown, seen), differences },
    ]);
    expect(exitCode).toBe(1);
    expect(lines).toContain('1 of 2 drills FAILED:');
    expect(lines.at(-1)).toMatch(/^ {2}other: /);
    expect(lines.at(-1)).toContain(told);
  });
});

describe('a drill is not passed', () => {
  it('when a service ends with a signal that nobody sent', async () => {
    const { scene, failures } = sceneWith({
      house: { stopService: () => Promise.resolve('signal SIGKILL'), startService: () => Promise.resolve() },
    });
    await rolled('kaspi').run(scene);
    expect(failures).toEqual(['kaspi 1 ended with signal SIGKILL', 'kaspi 2 ended with signal SIGKILL']);
  });

  it.each([
    ['is reached by nobody', 'after paid commits', '“after paid commits” was not reached'],
    ['exists no more', 'after something else', 'there is no such point'],
  ])('when a step to die at %s', async (_, step, told) => {
    const { scene, failures } = sceneWith({
      ...{ crashes: { arm: () => undefined, disarm: () => undefined }, ends: [] },
      ...{ process: () => ({ pid: 1 }), ended: () => Promise.resolve(false), startEnded: () => Promise.resolve() },
    });
    await crash('kaspi', step).run(scene);
    expect(failures).toEqual([told]);
  });
});
