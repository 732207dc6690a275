import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatted } from './formatted.ts';
import { fillTemplate, type ProviderWords } from './provider-words.ts';
import { Refusal } from './refusal.ts';

/** The one place beside a provider's own folder that names it, relative to the root. */
export const LIST_FILE = 'libs/contracts/src/providers.ts';

/** The array ends at the first line that holds nothing else: the file is formatted. */
const LIST = /^export const PROVIDERS\b[^=]*= \[\n(?:.*\n)*?(?=\];\n)/m;

const ENTRY = `  {
    name: '__name__',
    title: '__title__',
    country: '__country__',
    currency: '__currency__',
    schemes: [{ name: 'v1', credential: 'shared_certificate', refund: 'by_hand', methods: ['__name___qr'] }],
    methods: [
      {
        type: '__name___qr',
        fields: {},
        amount: 'required',
        startWithinMs: 20_000,
        // ASSUMPTION: the provider's document names the largest amount; this keeps two decimals exact in a double.
        maxAmountMinor: 100_000_000_000,
      },
    ],
    tradePoints: false,
  },
`;

/** The entry of a provider in the contracts' list. */
export function listEntry(words: ProviderWords): string {
  return fillTemplate(ENTRY, words);
}

/** The text of the list's file with the entry at its end. @throws Refusal where the list has it or cannot be found. */
export async function listFileWith(root: string, words: ProviderWords): Promise<string> {
  const file = join(root, LIST_FILE);
  return formatted(file, withEntry(await readFile(file, 'utf8'), words));
}

/** @throws Refusal */
export function withEntry(text: string, words: ProviderWords): string {
  const list = LIST.exec(text)?.[0];
  if (list === undefined) {
    throw new Refusal(`${LIST_FILE} has no list PROVIDERS that could be added to: put the entry there by hand.`);
  }
  if (list.includes(`name: '${words.name}'`)) throw new Refusal(`${LIST_FILE} names ${words.name} already.`);
  return text.replace(list, () => list + listEntry(words));
}
