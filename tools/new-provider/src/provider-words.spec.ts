import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fillTemplate, providerWords } from './provider-words.ts';
import { Refusal } from './refusal.ts';

const given = (name: string, title?: string) => providerWords({ name, title, country: undefined, currency: undefined });

describe('the name of a provider', () => {
  it.each(['', 'a', '1acme', 'Acme', 'acme-pay', 'acme_pay', '../acme', 'акме', 'a'.repeat(32), 'public', 'vault'])(
    '"%s" is refused: it would not fit a folder, a schema, a topic and a variable alike',
    (name) => {
      expect(() => given(name)).toThrow(Refusal);
    },
  );

  it('every name that is taken gives identifiers and variables', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9]{1,30}$/), (name) => {
        fc.pre(!['public', 'vault'].includes(name));
        const filled = fillTemplate('start__Name__ TOLEM___NAME___URL __name___qr', given(name));
        expect(filled).toMatch(/^start[A-Z][a-zA-Z0-9]+ TOLEM_[A-Z0-9]+_URL [a-z0-9]+_qr$/);
      }),
    );
  });
});

describe('the title of a provider', () => {
  it('is the name with a capital letter where none is given', () => {
    expect(given('acme').title).toBe('Acme');
  });

  it.each(["It's", '*/', '`', '${x}', 'a\nb', '\\', '"', '', ' Acme', 'x'.repeat(61), '__name__'])(
    '%j is refused: it would break a comment or a text',
    (title) => {
      expect(() => given('acme', title)).toThrow(Refusal);
    },
  );

  it('may be in any script', () => {
    expect(given('smartpay', 'Смарт Пэй (АО) & Co.').title).toBe('Смарт Пэй (АО) & Co.');
  });
});

describe('a template', () => {
  it('with a place that nothing fills is a bug, never a file with that place in it', () => {
    expect(() => fillTemplate('__nome__', given('acme'))).toThrow('__nome__');
  });
});
