import { join } from 'node:path';
import { HELP, readCommandLine } from './command-line.ts';
import { makeProvider } from './make-provider.ts';
import { Refusal } from './refusal.ts';
import { whatRemains } from './what-remains.ts';

// What `npm run new-provider` runs, on Node's own type stripping: nothing has to be built before.

const ROOT = join(import.meta.dirname, '../../..');

async function run(args: readonly string[]): Promise<number> {
  try {
    const asked = readCommandLine(args);
    if (asked.is === 'help') {
      process.stdout.write(HELP);
      return 0;
    }
    const files = await makeProvider(ROOT, asked.words, asked.entry);
    process.stdout.write(`Written:\n${files.map((file) => `  ${file}\n`).join('')}`);
    process.stdout.write(whatRemains(asked.words, asked.entry));
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

process.exitCode = await run(process.argv.slice(2));
