import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from '../tolem-folder/tolem-folder.ts';

/** The text that bootstrap.mjs shows too, before anything is installed; so there is one copy, in a file. */
export const helpText = (command: 'start' | 'demo' | 'stack'): Promise<string> =>
  readFile(join(REPOSITORY, 'tools/local-stack/help', `${command}.txt`), 'utf8');
