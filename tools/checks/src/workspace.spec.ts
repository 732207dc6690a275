import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { SLOW_SPECS } from './house-checks.ts';
import { readMinimumTests } from './minimum-tests.ts';

const ROOT = join(import.meta.dirname, '../../..');
const readJson = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Record<string, unknown>;
const PACKAGES = globSync('{services,libs,tools}/*/package.json', { cwd: ROOT, exclude: ['**/node_modules'] });

describe('the workspace', () => {
  it('lets specs test the sources of our packages, never what was built before', () => {
    expect(fileURLToPath(import.meta.resolve('@tolem/domain'))).toBe(join(ROOT, 'libs/domain/src/index.ts'));
  });

  it.each(PACKAGES)('%s carries exactly one tag that the boundaries know, and opens only its entry', (path) => {
    const { nx, exports } = readJson(path) as { nx: { tags: string[] }; exports: object };
    expect(nx.tags).toEqual([expect.stringMatching(/^type:[a-z]+$/)]);
    expect(exports).toEqual({ '.': { '@tolem/source': './src/index.ts', default: './dist/index.js' } });
  });

  it('runs in continuous integration exactly what a newcomer types', () => {
    const lines = readFileSync(join(ROOT, '.ci/run'), 'utf8').split('\n');
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      'set -euo pipefail',
      'cd "$(dirname "$0")/.."',
      'npm test',
    ]);
    expect(statSync(join(ROOT, '.ci/run')).mode & 0o111).toBe(0o111);
  });

  it('keeps the quick run to specs that need no build', () => {
    const slow = (path: string): boolean => SLOW_SPECS.some((pattern) => new RegExp(pattern).test(path));
    expect(slow('/house/libs/domain/src/money.spec.ts')).toBe(false);
    expect(slow('/house/services/gateway/src/payments/create-payment/201.spec.ts')).toBe(false);
    expect(slow('/house/services/standalone/test/e2e/start.spec.ts')).toBe(true);
    expect(slow('/house/services/standalone/test/kill.e2e.spec.ts')).toBe(true);
    expect(slow('/house/services/gateway/test/limits.service.spec.ts')).toBe(true);
    expect(slow('/house/libs/egress/test/rotation.slow.spec.ts')).toBe(true);
  });

  it('starts from scripts that exist', () => {
    const { scripts } = readJson('package.json') as { scripts: Record<string, string> };
    const named = Object.values(scripts).flatMap((script) => script.match(/[\w./-]+\.(?:mjs|js|ts)\b/g) ?? []);
    expect(named.filter((path) => !existsSync(join(ROOT, path)) && dirname(path) !== '.nx')).toEqual([]);
  });
});

describe('the file of the minimum', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tolem-minimum-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const written = (text: string): string => {
    const file = join(folder, 'minimum.json');
    writeFileSync(file, text);
    return file;
  };

  it('is committed and asks for tests', () => {
    expect(readMinimumTests(join(ROOT, 'tools/checks/minimum-tests.json'))).toBeGreaterThanOrEqual(100);
  });

  it.each(['', '{}', '{"tests": "100"}', '{"tests": 0}', '{"tests": 1.5}', '{"test": 100}', 'null'])(
    'is refused when it reads %s, for without it a run could shrink unseen',
    (text) => {
      expect(() => readMinimumTests(written(text))).toThrow();
    },
  );
});
