import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { LintedFixture, LintedFixtures } from './lint-fixtures.ts';

const ROOT = join(import.meta.dirname, '../../..');
const FOLDER = join(import.meta.dirname, '../fixtures/lint');
const NAMES = readdirSync(FOLDER).map((file) => file.replace(/\.ts$/, ''));

/** ESLint and the Nx graph run in a process of their own, as they do in the lint step, once for all fixtures. */
const lintInOwnProcess = (): LintedFixtures => {
  const script = join(import.meta.dirname, 'lint-fixtures.ts');
  const printed = execFileSync(process.execPath, [script, ROOT, FOLDER], { encoding: 'utf8', timeout: 240_000 });
  return JSON.parse(printed) as LintedFixtures;
};

describe('the lint of the house', () => {
  let linted: LintedFixtures;
  beforeAll(() => {
    linted = lintInOwnProcess();
  }, 240_000);

  const fixture = (name: string): LintedFixture => {
    const found = linted.fixtures.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no fixture ${name} was linted`);
    return found;
  };

  it.each(NAMES.filter((name) => !name.startsWith('allowed-')))('refuses %s, and says nothing else', (name) => {
    const { expected, problems } = fixture(name);
    if (expected === undefined) throw new Error('a fixture that expects nothing is named allowed-…');
    expect(problems).toEqual([{ rule: expected.rule, message: expect.stringContaining(expected.message) }]);
  });

  it.each(NAMES.filter((name) => name.startsWith('allowed-')))('lets pass what is %s', (name) => {
    expect(fixture(name)).toMatchObject({ problems: [] });
    expect(fixture(name).expected).toBeUndefined();
  });

  it('has a fixture that fails for every rule of the configuration', () => {
    const seen = new Set(linted.fixtures.flatMap((one) => one.problems.map((problem) => problem.rule)));
    expect(linted.rulesOfTheHouse.filter((rule) => !seen.has(rule))).toEqual([]);
    expect(linted.rulesOfTheHouse).toContain('@nx/enforce-module-boundaries');
  });

  it('has a fixture that fails for every room whose imports are bounded', () => {
    const messages = linted.fixtures.flatMap((one) => one.problems.map((problem) => problem.message));
    const missing = linted.boundedTags.filter((tag) => !messages.some((text) => text.includes(`tagged with "${tag}"`)));
    expect(missing).toEqual([]);
  });
});
