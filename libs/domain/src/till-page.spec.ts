import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { tillPage } from './till-page.ts';

describe('docs/till.md', () => {
  it('is what the code does; `npm run docs` writes it anew', () => {
    expect(readFileSync(new URL('../../../docs/till.md', import.meta.url), 'utf8')).toBe(tillPage());
  });
});
