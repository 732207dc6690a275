import { PlainFailure, readCommandLine, readNumber } from '@tolem/local-stack';
import { ALL_DRILLS } from './all-drills.ts';
import type { Drill } from './drill.ts';

export interface DrillOptions {
  drills: readonly Drill[];
  /** Every crash point, not a few. */
  long: boolean;
  /** Of the drills' waits. */
  scale: number;
  /** Payments per second. */
  rate: number;
}

const text = { type: 'string' } as const;
const OPTIONS = {
  long: { type: 'boolean' },
  scale: text,
  rate: text,
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the command line of `npm run drill`. @throws PlainFailure naming what cannot be understood. */
export function readDrillOptions(args: readonly string[]): DrillOptions | 'help' {
  const { values, positionals } = readCommandLine('npm run drill', args, OPTIONS);
  if (values.help === true) return 'help';
  return {
    drills: positionals.length === 0 ? ALL_DRILLS : positionals.map(drillNamed),
    long: values.long === true,
    scale: readNumber('scale', values.scale, 1, { least: 0.05, most: 10, decimals: true }),
    rate: readNumber('rate', values.rate, 30, { least: 1, most: 200, decimals: true }),
  };
}

function drillNamed(name: string): Drill {
  const drill = ALL_DRILLS.find((known) => known.name === name);
  if (drill !== undefined) return drill;
  throw new PlainFailure(`There is no drill "${name}": choose of ${ALL_DRILLS.map((known) => known.name).join(', ')}.`);
}
