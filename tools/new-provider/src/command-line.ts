import { parseArgs } from 'node:util';
import { providerWords, type ProviderWords } from './provider-words.ts';
import { Refusal } from './refusal.ts';

export const HELP = `Makes the folder of a new payment provider, with its tests, from templates.

Usage: npm run new-provider -- NAME [--title "Acme Pay"] [--country KZ|RU] [--currency KZT|RUB] [--entry]

  NAME         lower-case letters and digits: the folder services/NAME, the package @tolem/NAME, the database schema
  --title      as people write it; default: the name with a capital letter
  --country    KZ (default) or RU
  --currency   follows from the country; given, it must be the one of the country
  --entry      also add the provider to the list in libs/contracts/src/providers.ts
  --help       this text

docs/adding-a-provider.md leads from here to a provider that runs.
`;

export type CommandLine =
  { readonly is: 'help' } | { readonly is: 'make'; readonly words: ProviderWords; readonly entry: boolean };

/** @throws Refusal naming what cannot be understood. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parsed(args);
  if (values.help === true) return { is: 'help' };
  const [name, more] = positionals;
  if (name === undefined) throw new Refusal('Name the provider: npm run new-provider -- NAME. See --help.');
  if (more !== undefined) throw new Refusal(`One provider at a time: "${more}" is too much. See --help.`);
  const { title, country, currency, entry } = values;
  return { is: 'make', words: providerWords({ name, title, country, currency }), entry: entry === true };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        title: { type: 'string' },
        country: { type: 'string' },
        currency: { type: 'string' },
        entry: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    throw new Refusal(`${why}. See --help.`);
  }
}
