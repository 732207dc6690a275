import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LIST_FILE, listFileWith } from './list-entry.ts';
import { providerFiles } from './provider-files.ts';
import type { ProviderWords } from './provider-words.ts';

/**
 * Writes the folder `services/<name>`, with `entry` the entry in the contracts' list too, and returns the files that
 * it wrote, relative to the root. Everything is made in memory first, so that a refusal leaves nothing behind.
 *
 * @throws Refusal
 */
export async function makeProvider(root: string, words: ProviderWords, entry: boolean): Promise<readonly string[]> {
  const files = await providerFiles(root, words);
  const list = entry ? await listFileWith(root, words) : undefined;
  for (const [path, text] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text, { flag: 'wx' });
  }
  if (list === undefined) return [...files.keys()];
  await writeFile(join(root, LIST_FILE), list);
  return [...files.keys(), LIST_FILE];
}
