import { readFileSync } from 'node:fs';

/**
 * Fewest tests that a full run must count, from the committed file `{"tests": n}`.
 *
 * @throws when the file is missing or says anything else: without it a run could shrink unseen.
 */
export const readMinimumTests = (file: string): number => {
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const tests = typeof value === 'object' && value !== null && 'tests' in value ? value.tests : undefined;
  if (typeof tests !== 'number' || !Number.isSafeInteger(tests) || tests < 1) {
    throw new Error(`${file} must read {"tests": n}, n a positive integer`);
  }
  return tests;
};
