import { glob, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatted } from './formatted.ts';
import { fillTemplate, type ProviderWords } from './provider-words.ts';
import { Refusal } from './refusal.ts';

const TEMPLATES = join(import.meta.dirname, '../templates');
const ENDING = '.tpl';

/**
 * The files of a new provider, by their paths relative to the root. Nothing is written yet.
 *
 * @throws Refusal where something of that name is there already
 */
export async function providerFiles(root: string, words: ProviderWords): Promise<ReadonlyMap<string, string>> {
  await refuseTaken(root, words.name);
  const files = new Map<string, string>();
  for await (const path of glob(`**/*${ENDING}`, { cwd: TEMPLATES })) {
    const target = fillTemplate(join('services', words.name, path.slice(0, -ENDING.length)), words);
    const text = fillTemplate(await readFile(join(TEMPLATES, path), 'utf8'), words);
    files.set(target, await formatted(join(root, target), text));
  }
  return new Map([...files].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** A folder under services would be overwritten, any other package would lose its name `@tolem/<name>`. */
async function refuseTaken(root: string, name: string): Promise<void> {
  for (const room of ['services', 'libs', 'tools', 'sdk']) {
    const found = await stat(join(root, room, name)).catch(() => undefined);
    if (found !== undefined) throw new Refusal(`${join(room, name)} is there already: choose another name.`);
  }
}
