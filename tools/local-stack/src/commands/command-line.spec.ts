import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { readCommandLine, readNumber } from './command-line.ts';

const OPTIONS = { rate: { type: 'string' }, long: { type: 'boolean' } } as const;
const read = (...args: string[]) => readCommandLine('npm run thing', args, OPTIONS);

describe('the command line of an npm script', () => {
  it('gives options in either spelling of a value, and names in their order', () => {
    expect(read('a', '--rate', '5', '--long', 'b')).toMatchObject({
      values: { rate: '5', long: true },
      positionals: ['a', 'b'],
    });
    expect(read('--rate=5').values.rate).toBe('5');
  });

  it.each([[['--fast']], [['--rate']], [['--long=yes']]])('refuses %j in one sentence that names the help', (args) => {
    expect(() => read(...args)).toThrow(PlainFailure);
    expect(() => read(...args)).toThrow(/^[^.]*: npm run thing -- --help lists the options\.$/);
  });
});

describe('a number of the command line', () => {
  it('is any whole number of the range, and no other text', () => {
    const range = { least: 1, most: 5_000 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), (value) => {
        expect(readNumber('rate', String(value), 7, range)).toBe(value);
      }),
    );
    for (const said of ['', '0', '5001', '-1', '1.5', '1e3', ' 1', '0x10', 'x']) {
      expect(() => readNumber('rate', said, 7, range)).toThrow(
        `--rate needs a whole number from 1 to 5000, not "${said}".`,
      );
    }
  });

  it('may have decimals where the option allows them', () => {
    const range = { least: 0.05, most: 10, decimals: true };
    expect(readNumber('scale', '0.2', 1, range)).toBe(0.2);
    expect(() => readNumber('scale', '0.01', 1, range)).toThrow('--scale needs a number from 0.05 to 10, not "0.01".');
    expect(() => readNumber('scale', '.5', 1, range)).toThrow(PlainFailure);
  });

  it('is the default where the option was not given', () => {
    expect(readNumber('rate', undefined, 7, { least: 1, most: 5 })).toBe(7);
  });
});
