import { describe, expect, it } from '@jest/globals';
import { readCommandLine } from './command-line.ts';
import { Refusal } from './refusal.ts';

const ACME = { name: 'acme', title: 'Acme', country: 'KZ', currency: 'KZT' };

describe('the words after npm run new-provider', () => {
  it('a name alone is enough', () => {
    expect(readCommandLine(['acme'])).toEqual({ is: 'make', words: ACME, entry: false });
  });

  it('title, country and entry are taken, and the currency follows', () => {
    expect(readCommandLine(['acme', '--title', 'Acme Pay', '--country=RU', '--entry'])).toEqual({
      is: 'make',
      words: { name: 'acme', title: 'Acme Pay', country: 'RU', currency: 'RUB' },
      entry: true,
    });
    expect(readCommandLine(['acme', '--currency', 'KZT'])).toMatchObject({ words: ACME });
  });

  it.each([['--help'], ['-h'], ['acme', '--help']])('%s %s asks for help', (...args) => {
    expect(readCommandLine(args)).toEqual({ is: 'help' });
  });

  it.each([
    [[], 'Name the provider'],
    [['acme', 'other'], '"other" is too much'],
    [['acme', '--colour', 'red'], '--colour'],
    [['acme', '--title'], '--title'],
    [['acme', '--country', 'DE'], 'KZ or RU'],
    [['acme', '--country', 'RU', '--currency', 'KZT'], 'RUB'],
    [['Acme'], 'no name'],
  ])('%j is refused in one sentence that says why', (args, why) => {
    expect(() => readCommandLine(args)).toThrow(Refusal);
    expect(() => readCommandLine(args)).toThrow(why);
  });
});
