import { describe, expect, it } from '@jest/globals';
import { kindOfSpec, type TimeSpent, timeBudget } from './time-budget.ts';

const spent = (more: Partial<TimeSpent> = {}): TimeSpent => ({
  totalMs: 503_140,
  aimMs: 720_000,
  checks: [
    { title: 'format', ms: 12_000 },
    { title: 'tests', ms: 400_040 },
  ],
  specs: [],
  textOf: () => '',
  ...more,
});

describe('the time budget of a run', () => {
  it('names the whole, what was aimed at, and every check', () => {
    expect(timeBudget(spent())).toBe(
      [
        '── time: 503.1 s of 720.0 s, without the installation ──',
        '     12.0 s  format',
        '    400.0 s  tests',
        '',
      ].join('\n'),
    );
  });

  it('adds up the spec files of each kind, and shows the ten slowest, the slowest first', () => {
    const units = Array.from({ length: 12 }, (_, index) => ({ path: `libs/a/src/${index}.spec.ts`, ms: 100 * index }));
    const printed = timeBudget(spent({ specs: [...units, { path: 'libs/b/test/kafka.service.spec.ts', ms: 41_000 }] }));
    expect(printed).toContain('      6.6 s  unit (12 files)\n     41.0 s  service (1 file)\n');
    const slowest = printed.slice(printed.indexOf('the slowest'));
    expect(slowest.trimEnd().split('\n').slice(1)).toEqual([
      '     41.0 s  libs/b/test/kafka.service.spec.ts',
      ...[11, 10, 9, 8, 7, 6, 5, 4, 3].map(
        (index) => `      ${(index / 10).toFixed(1)} s  libs/a/src/${index}.spec.ts`,
      ),
    ]);
  });
});

describe('the kind of a spec file', () => {
  it.each([
    ['services/standalone/test/e2e/crash.e2e.spec.ts', '', 'end-to-end'],
    ['tools/local-stack/test/e2e/stack.service.spec.ts', '', 'end-to-end'],
    ['libs/messaging/test/kafka-bus.service.spec.ts', `import { x } from './bus-contract.ts';`, 'service'],
    ['libs/messaging/test/in-process-bus.spec.ts', `import { x } from './bus-contract.ts';`, 'contract'],
    ['libs/persistence/test/outbox.spec.ts', `import { testDatabase } from '@tolem/testing';`, 'database'],
    ['libs/domain/src/money.spec.ts', `import { Money } from './money.ts';`, 'unit'],
  ])('%s (%s): %s', (path, text, kind) => {
    expect(kindOfSpec(path, text)).toBe(kind);
  });
});
