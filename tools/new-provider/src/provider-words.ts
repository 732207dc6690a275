import { Refusal } from './refusal.ts';

export const COUNTRIES = ['KZ', 'RU'] as const;
export type Country = (typeof COUNTRIES)[number];
const CURRENCY_OF = { KZ: 'KZT', RU: 'RUB' } as const;

/** How a provider is called in every place where its name occurs. */
export interface ProviderWords {
  /** In folders, schemas, topics and variables: `acme`. */
  readonly name: string;
  /** As people write it. */
  readonly title: string;
  readonly country: Country;
  readonly currency: 'KZT' | 'RUB';
}

/** Safe in a folder, a topic, a database schema, a role and an identifier alike. */
const NAME = /^[a-z][a-z0-9]{1,30}$/;
/** Schemas of the database that are not a provider's. */
const TAKEN = new Set(['public', 'vault']);
/** Goes into comments and between single quotes. */
const TITLE = /^[\p{L}\p{N}][\p{L}\p{N} .,&+()-]{0,59}$/u;

/** @throws Refusal naming what does not fit. */
export function providerWords(given: {
  readonly name: string;
  readonly title: string | undefined;
  readonly country: string | undefined;
  readonly currency: string | undefined;
}): ProviderWords {
  const { name } = given;
  if (!NAME.test(name)) {
    throw new Refusal(
      `"${name}" is no name of a provider: 2 to 31 lower-case Latin letters and digits, a letter first.`,
    );
  }
  if (TAKEN.has(name)) throw new Refusal(`"${name}" cannot be a provider: a database schema of that name is taken.`);
  const title = given.title ?? capitalized(name);
  if (!TITLE.test(title)) {
    throw new Refusal(
      `"${title}" is no title: 1 to 60 letters, digits, spaces and . , & + ( ) -, a letter or digit first.`,
    );
  }
  const country = COUNTRIES.find((known) => known === (given.country ?? 'KZ'));
  if (country === undefined) throw new Refusal(`--country is ${COUNTRIES.join(' or ')}, not "${given.country ?? ''}".`);
  const currency = CURRENCY_OF[country];
  if (given.currency !== undefined && given.currency !== currency) {
    throw new Refusal(`The currency of ${country} is ${currency}, not "${given.currency}".`);
  }
  return { name, title, country, currency };
}

/** Puts the words into a template: `__name__`, `__Name__`, `__NAME__`, `__title__`, `__country__`, `__currency__`. */
export function fillTemplate(text: string, words: ProviderWords): string {
  const { name, title, country, currency } = words;
  const values = new Map([
    ['name', name],
    ['Name', capitalized(name)],
    ['NAME', name.toUpperCase()],
    ['title', title],
    ['country', country],
    ['currency', currency],
  ]);
  return text.replaceAll(/__([a-z]+)__/gi, (place, word: string) => {
    const value = values.get(word);
    if (value === undefined) throw new Error(`the template has a place ${place} that nothing fills`);
    return value;
  });
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
