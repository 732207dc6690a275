import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LIST_FILE } from './list-entry.ts';
import { makeProvider } from './make-provider.ts';
import { providerWords } from './provider-words.ts';
import { Refusal } from './refusal.ts';

const HOUSE = join(import.meta.dirname, '../../..');
/** Not the example of the page: whoever follows it has that in his tree already. */
const SAMPLE = providerWords({ name: 'sample', title: 'Sample Pay', country: 'KZ', currency: undefined });

describe('making a provider', () => {
  let root: string;
  const list = (): Promise<string> => readFile(join(root, LIST_FILE), 'utf8');

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'tolem-make-provider-'));
    await mkdir(join(root, dirname(LIST_FILE)), { recursive: true });
    await cp(join(HOUSE, LIST_FILE), join(root, LIST_FILE));
    await cp(join(HOUSE, '.prettierrc'), join(root, '.prettierrc'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('writes the files that it names, under the provider’s own name, with no place left open', async () => {
    const files = await makeProvider(root, SAMPLE, false);
    expect(files).toEqual(expect.arrayContaining(['services/sample/package.json', 'services/sample/src/sample-qr.ts']));
    for (const file of files) {
      const text = await readFile(join(root, file), 'utf8');
      expect(file + text).not.toMatch(/__\w+__|undefined__/);
    }
  });

  it('leaves the list alone unless asked, and adds one entry at its end when asked', async () => {
    const before = await list();
    await makeProvider(root, SAMPLE, false);
    expect(await list()).toBe(before);
    await rm(join(root, 'services'), { recursive: true });
    expect(await makeProvider(root, SAMPLE, true)).toContain(LIST_FILE);
    const after = await list();
    expect(after.match(/^ {4}name: '(\w+)'/gm)?.at(-1)).toContain("'sample'");
    expect(after.length - before.length).toBeGreaterThan(100);
    expect(after.replace(/^ {2}\{\n {4}name: 'sample'[\s\S]*?^ {2}\},\n/m, '')).toBe(before);
  });

  it.each(['services', 'libs', 'tools', 'sdk'])('refuses a name that %s has, and touches nothing', async (room) => {
    await mkdir(join(root, room, 'sample'), { recursive: true });
    const before = await list();
    await expect(makeProvider(root, SAMPLE, true)).rejects.toThrow(Refusal);
    expect(await readdir(join(root, room, 'sample'))).toEqual([]);
    expect(await list()).toBe(before);
  });

  it('writes no file where the list has the provider already', async () => {
    await makeProvider(root, SAMPLE, true);
    await rm(join(root, 'services'), { recursive: true });
    await expect(makeProvider(root, SAMPLE, true)).rejects.toThrow('names sample already');
    expect(existsSync(join(root, 'services'))).toBe(false);
  });

  it('writes no file where it does not find the list', async () => {
    await writeFile(join(root, LIST_FILE), 'export const PROVIDERS = [];\n');
    await expect(makeProvider(root, SAMPLE, true)).rejects.toThrow('by hand');
    expect(existsSync(join(root, 'services'))).toBe(false);
  });
});
