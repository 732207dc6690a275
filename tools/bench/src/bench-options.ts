import { parseArgs } from 'node:util';
import { PlainFailure } from '@tolem/local-stack';

export const BENCH_NAMES = ['payments', 'create', 'read', 'poll'] as const;
export type BenchName = (typeof BENCH_NAMES)[number];

export interface BenchOptions {
  name: BenchName;
  /** Operations per second of the first step or of the only run. */
  rate: number;
  /** Whether the rate rises until something breaks. */
  steps: boolean;
  stepBy: number;
  stepSeconds: number;
  /** Length of the measured run. */
  seconds: number;
  minutes: number;
  desks: number;
  open: number;
  flame: boolean;
}

/** Starting a house, warming up, letting the counters settle, taking it down. */
const SET_UP_S = 70;
const LONGEST_PROFILE_S = 30;
const WRITE_PROFILE_S = 10;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const OPTIONS = {
  rate: text,
  seconds: text,
  steps: flag,
  'step-by': text,
  'step-seconds': text,
  minutes: text,
  desks: text,
  open: text,
  flame: flag,
  embedded: flag,
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the command line of `npm run bench`. @throws PlainFailure naming what cannot be understood. */
export function readBenchOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values, positionals } = parse(args);
  if (values.help === true) return 'help';
  const name = readName(positionals);
  const steps = values.steps === true || (name === 'payments' && values.rate === undefined);
  if (steps && name !== 'payments') throw new PlainFailure(`--steps is for payments only, not for ${name}.`);
  const stepBy = count('step-by', values['step-by'], 25, 1_000);
  const options: BenchOptions = {
    name,
    rate: count('rate', values.rate, { payments: stepBy, create: 50, read: 200, poll: 50 }[name], 5_000),
    steps,
    stepBy,
    stepSeconds: count('step-seconds', values['step-seconds'], 20, 600),
    seconds: count('seconds', values.seconds, name === 'payments' ? 60 : 20, 600),
    minutes: count('minutes', values.minutes, 6, 120),
    desks: count('desks', values.desks, 200, 5_000),
    open: count('open', values.open, 200, 5_000),
    flame: values.flame === true,
  };
  const leastS = SET_UP_S + options.seconds + (options.flame ? profileSeconds(options) + WRITE_PROFILE_S : 0);
  if (leastS > options.minutes * 60) {
    const minutes = Math.ceil(leastS / 60);
    throw new PlainFailure(`--seconds ${options.seconds} does not fit: give --minutes ${minutes} or more.`);
  }
  return options;
}

/** How long the profiled run is. */
export const profileSeconds = ({ seconds }: Pick<BenchOptions, 'seconds'>): number =>
  Math.min(seconds, LONGEST_PROFILE_S);

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    const [why = ''] = String(error)
      .replace(/^TypeError(?: \[\w+\])?: /, '')
      .split('. ');
    throw new PlainFailure(`${why}: npm run bench -- --help lists the options.`, { cause: error });
  }
}

function readName(positionals: readonly string[]): BenchName {
  const [first, second] = positionals;
  if (first === undefined) throw new PlainFailure(`Name what to measure: ${BENCH_NAMES.join(', ')}.`);
  if (second !== undefined) throw new PlainFailure(`One measurement at a time: ${first} and ${second} were given.`);
  const name = BENCH_NAMES.find((known) => known === first);
  if (name !== undefined) return name;
  throw new PlainFailure(`There is no measurement "${first}": choose one of ${BENCH_NAMES.join(', ')}.`);
}

function count(option: string, said: string | undefined, otherwise: number, most: number): number {
  if (said === undefined) return otherwise;
  const value = /^\d{1,6}$/.test(said) ? Number(said) : 0;
  if (value >= 1 && value <= most) return value;
  throw new PlainFailure(`--${option} needs a whole number from 1 to ${most}, not "${said}".`);
}
