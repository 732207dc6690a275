import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from './config-error.ts';
import { env } from './config-field.ts';
import { wholeNumber } from './config-values.ts';
import { defineConfig } from './define-config.ts';
import { loadTogether } from './load-together.ts';

const port = wholeNumber({ min: 0, max: 65_535 });
const shared = env('TOLEM_SHARED', port, { describe: 'of both' });
const first = defineConfig({ shared, own: env('TOLEM_FIRST', port, { default: 1, describe: 'of the first' }) });
const second = defineConfig({ shared, own: env('TOLEM_SECOND', port, { describe: 'of the second' }) });
const load = (environment: Record<string, string>) =>
  loadTogether(environment, { first: (from) => first.load(from), second: (from) => second.load(from) });

describe('several configurations of one process', () => {
  it('are read each by its own loader, under its own name', () => {
    expect(load({ TOLEM_SHARED: '7', TOLEM_SECOND: '8' })).toEqual({
      first: { shared: 7, own: 1 },
      second: { shared: 7, own: 8 },
    });
  });

  it('name all mistakes of all of them in one error, a variable that they share once', () => {
    let error: unknown;
    try {
      load({ TOLEM_FIRST: 'x' });
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toHaveProperty('mistakes.length', 3);
    expect(String(error).split('TOLEM_SHARED')).toHaveLength(2);
  });

  it('let any other error through', () => {
    const broken = (): never => {
      throw new RangeError('a bug');
    };
    expect(() => loadTogether({}, { broken })).toThrow(RangeError);
  });
});
