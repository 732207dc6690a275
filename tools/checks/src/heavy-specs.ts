import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STARTS_SOMETHING } from './time-budget.ts';

/**
 * Patterns of the paths of specs that start something: what they import tells it, so that no list has to be kept.
 * `npm run test:quick` leaves them out.
 */
export function heavySpecs(root: string): string[] {
  return globSync('{services,libs,tools}/*/{src,test}/**/*.spec.ts', { cwd: root })
    .filter((path) => STARTS_SOMETHING.test(readFileSync(join(root, path), 'utf8')))
    .map((path) => `/${path.replaceAll(/[.]/g, '\\.')}$`);
}
