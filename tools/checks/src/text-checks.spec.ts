import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { filesOfTheHouse, findInText, runTextChecks, TEXT_CHECKS } from './text-checks.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/text');
const ROOT = join(import.meta.dirname, '../../..');

const linesFound = (path: string, text: string): { check: string; line: number }[] =>
  TEXT_CHECKS.flatMap((check) => findInText(check, path, text)).map(({ check, line }) => ({ check, line }));

describe('the text checks', () => {
  it.each(readdirSync(FOLDER))('find the marked lines of %s and no other', (file) => {
    const text = readFileSync(join(FOLDER, file), 'utf8');
    const lines = (/finds: (.+)/.exec(text)?.[1] ?? '').split(' ').map(Number);
    const check = file.replace(/\.\w+$/, '');
    expect(linesFound(`services/gateway/src/${file}`, text)).toEqual(lines.map((line) => ({ check, line })));
  });

  it.each(['payment-utils.ts', 'helper.ts', 'connection-manager.ts', 'desk-info.spec.ts', 'data.ts'])(
    'refuse a file named %s',
    (name) => {
      expect(linesFound(`libs/domain/src/${name}`, '')).toEqual([
        { check: 'files-are-named-after-one-thing', line: 1 },
      ]);
    },
  );

  it.each(['data-source.ts', 'information-request.ts', 'utility-bill.ts'])('accept a file named %s', (name) => {
    expect(linesFound(`libs/domain/src/${name}`, '')).toEqual([]);
  });

  it('have a fixture each, or a name in the list above', () => {
    const checks = readdirSync(FOLDER).map((file) => file.replace(/\.\w+$/, ''));
    const without = TEXT_CHECKS.filter(({ id }) => !checks.includes(id) && id !== 'files-are-named-after-one-thing');
    expect(without).toEqual([]);
  });

  it('look at the sources of every room, and at no built, installed or fixture file', () => {
    const files = filesOfTheHouse(ROOT);
    expect(files).toContain('tools/checks/src/text-checks.ts');
    expect(files).toContain('libs/domain/src/index.ts');
    expect(files.filter((path) => /(^|\/)(node_modules|dist|fixtures)\//.test(path))).toEqual([]);
  });

  it('find nothing in the checks themselves', () => {
    expect(runTextChecks(ROOT).filter(({ path }) => path.startsWith('tools/checks/'))).toEqual([]);
  });
});
