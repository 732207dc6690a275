import { parseArgs } from 'node:util';
import { PlainFailure } from '@tolem/local-stack';
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
  const { values, positionals } = parse(args);
  if (values.help === true) return 'help';
  return {
    drills: positionals.length === 0 ? ALL_DRILLS : positionals.map(drillNamed),
    long: values.long === true,
    scale: number('scale', values.scale, 1, { least: 0.05, most: 10 }),
    rate: number('rate', values.rate, 30, { least: 1, most: 200 }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    const [why = ''] = String(error)
      .replace(/^TypeError(?: \[\w+\])?: /, '')
      .split('. ');
    throw new PlainFailure(`${why}: npm run drill -- --help lists the options.`, { cause: error });
  }
}

function drillNamed(name: string): Drill {
  const drill = ALL_DRILLS.find((known) => known.name === name);
  if (drill !== undefined) return drill;
  throw new PlainFailure(`There is no drill "${name}": choose of ${ALL_DRILLS.map((known) => known.name).join(', ')}.`);
}

function number(
  option: string,
  said: string | undefined,
  otherwise: number,
  { least, most }: { least: number; most: number },
): number {
  if (said === undefined) return otherwise;
  const value = /^\d{1,4}(\.\d{1,3})?$/.test(said) ? Number(said) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new PlainFailure(`--${option} needs a number from ${least} to ${most}, not "${said}".`);
}
