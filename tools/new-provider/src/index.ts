/** Makes the folder of a payment provider from templates. */
export { LIST_FILE, listEntry } from './list-entry.ts';
export { makeProvider } from './make-provider.ts';
export { type ProviderWords, providerWords } from './provider-words.ts';
export { Refusal } from './refusal.ts';
