import { decimalToMinor } from '@tolem/domain';
import { PlainFailure } from './plain-failure.ts';

export const DEMO_METHODS = ['kaspi_qr'] as const;

export interface DemoOptions {
  method: (typeof DEMO_METHODS)[number];
  amountMinor: number;
  help: boolean;
}

export const DEMO_AMOUNT_MINOR = 149_000;

/** Reads the command line of `npm run demo`. @throws PlainFailure naming what cannot be understood. */
export function readDemoOptions(args: readonly string[]): DemoOptions {
  let method: DemoOptions['method'] | undefined;
  let amountMinor = DEMO_AMOUNT_MINOR;
  let help = false;
  for (let i = 0; i < args.length; i += 1) {
    const [name, inline] = splitOption(args[i] ?? '');
    if (name === '--help' || name === '-h') help = true;
    else if (name === '--amount') amountMinor = readAmount(inline ?? args[(i += 1)]);
    else if (name.startsWith('-')) throw new PlainFailure(`Unknown option ${name}: npm run demo -- --help lists them.`);
    else if (method !== undefined) throw new PlainFailure(`One method at a time: ${method} and ${name} were given.`);
    else method = readMethod(name);
  }
  if (method === undefined && !help) {
    throw new PlainFailure(`Name a payment method, for example: npm run demo -- ${DEMO_METHODS[0]}`);
  }
  return { method: method ?? DEMO_METHODS[0], amountMinor, help };
}

/** `--name=value` or `--name`. */
export function splitOption(text: string): [name: string, value: string | undefined] {
  const at = text.startsWith('--') ? text.indexOf('=') : -1;
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function readMethod(name: string): DemoOptions['method'] {
  const found = DEMO_METHODS.find((method) => method === name);
  if (found !== undefined) return found;
  throw new PlainFailure(`There is no demo of "${name}": choose one of ${DEMO_METHODS.join(', ')}.`);
}

function readAmount(text: string | undefined): number {
  const amountMinor = text === undefined ? undefined : decimalToMinor(text);
  if (amountMinor !== undefined && amountMinor > 0) return amountMinor;
  throw new PlainFailure(`--amount needs an amount in tenge such as 1490.00, not "${text ?? ''}".`);
}
