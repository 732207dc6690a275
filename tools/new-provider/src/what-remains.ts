import { LIST_FILE, listEntry } from './list-entry.ts';
import type { ProviderWords } from './provider-words.ts';

/** What a person does next: numbered lines, before them the entry where it has to be put in by hand. */
export function whatRemains(words: ProviderWords, entryAdded: boolean): string {
  const { name } = words;
  const entry = entryAdded ? '' : `\nThe entry for the list PROVIDERS in ${LIST_FILE}:\n\n${listEntry(words)}`;
  const steps = [
    ...(entryAdded ? [] : [`put the entry above into ${LIST_FILE}`]),
    `npm install: links @tolem/${name} into the workspace and writes it into the lockfile`,
    `npm run jest -- services/${name}: everything passes before you change anything`,
    `grep -rn ASSUMPTION services/${name}: what the templates invented and the provider's document decides`,
    'docs/adding-a-provider.md: effect kinds, outcomes, tests, and how to run it',
  ];
  return `${entry}\nWhat remains:\n${steps.map((step, index) => `  ${index + 1}. ${step}\n`).join('')}`;
}
