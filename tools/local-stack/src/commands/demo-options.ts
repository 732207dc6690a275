import { decimalToMinor } from '@tolem/domain';
import { type DemoName, DEMOS, isDemoName } from '../demos/demos.ts';
import { DEMO_AMOUNT_MINOR } from '../onboarding/pay-demo.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { splitOption } from './split-option.ts';

/** The one that a start ends with. */
export const FIRST_DEMO: DemoName = 'kaspi_qr';

export interface DemoOptions {
  demo: DemoName;
  amountMinor: number;
  help: boolean;
}

/** Reads the command line of `npm run demo`. @throws PlainFailure naming what cannot be understood. */
export function readDemoOptions(args: readonly string[]): DemoOptions {
  let demo: DemoName | undefined;
  let amountMinor: number | undefined;
  let help = false;
  for (let i = 0; i < args.length; i += 1) {
    const [name, inline] = splitOption(args[i] ?? '');
    if (name === '--help' || name === '-h') help = true;
    else if (name === '--amount') amountMinor = readAmount(inline ?? args[(i += 1)]);
    else if (name.startsWith('-')) throw new PlainFailure(`Unknown option ${name}: npm run demo -- --help lists them.`);
    else if (demo !== undefined) throw new PlainFailure(`One demo at a time: ${demo} and ${name} were given.`);
    else demo = readName(name);
  }
  if (demo === undefined && !help) {
    throw new PlainFailure(`Name a demo, for example npm run demo -- ${FIRST_DEMO}: there are ${names()}.`);
  }
  if (demo !== undefined && amountMinor !== undefined && !DEMOS[demo].takesAmount) {
    throw new PlainFailure(`--amount is not for ${demo}, whose story has amounts of its own.`);
  }
  return { demo: demo ?? FIRST_DEMO, amountMinor: amountMinor ?? DEMO_AMOUNT_MINOR, help };
}

const names = (): string => Object.keys(DEMOS).join(', ');

function readName(name: string): DemoName {
  if (isDemoName(name)) return name;
  throw new PlainFailure(`There is no demo of "${name}": choose one of ${names()}.`);
}

function readAmount(text: string | undefined): number {
  const amountMinor = text === undefined ? undefined : decimalToMinor(text);
  if (amountMinor !== undefined && amountMinor > 0) return amountMinor;
  throw new PlainFailure(`--amount needs an amount in tenge such as 1490.00, not "${text ?? ''}".`);
}
