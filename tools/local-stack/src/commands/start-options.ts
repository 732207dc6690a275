import type { HouseOptions } from '../house/house.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { splitOption } from './split-option.ts';

export interface StartOptions extends HouseOptions {
  help: boolean;
}

/** Reads the command line of `npm start`. @throws PlainFailure naming what cannot be understood. */
export function readStartOptions(args: readonly string[]): StartOptions {
  const options: StartOptions = { fresh: false, demo: true, port: undefined, help: false };
  for (let i = 0; i < args.length; i += 1) {
    const [name, inline] = splitOption(args[i] ?? '');
    if (name === '--port') {
      options.port = readPort(inline ?? args[(i += 1)]);
      continue;
    }
    if (inline !== undefined && ['--fresh', '--no-demo', '--help'].includes(name)) {
      throw new PlainFailure(`The option ${name} takes no value.`);
    }
    if (name === '--fresh') options.fresh = true;
    else if (name === '--no-demo') options.demo = false;
    else if (name === '--help' || name === '-h') options.help = true;
    else throw new PlainFailure(`Unknown option ${name}: npm start -- --help lists them.`);
  }
  return options;
}

/** A port number. @throws PlainFailure for anything else. */
export function readPort(text: string | undefined): number {
  const port = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new PlainFailure(`--port needs a number from 1 to 65535, not "${text ?? ''}".`);
}
