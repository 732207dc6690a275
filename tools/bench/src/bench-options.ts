import { PlainFailure, readCommandLine, readNumber, readReplicas, type Replicas } from '@tolem/local-stack';

export const BENCH_NAMES = [
  ...(['payments', 'create', 'read', 'poll', 'refunds', 'waiting', 'certificate'] as const),
  ...(['startup', 'idle', 'rolling'] as const),
] as const;
export type BenchName = (typeof BENCH_NAMES)[number];

export interface BenchOptions {
  name: BenchName;
  /** True: every service in one process. False: each in processes of its own, over Kafka, Redis and PostgreSQL. */
  embedded: boolean;
  /** How many processes of each service run; of a house of one process it says nothing. */
  replicas: Replicas;
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
  /** How often each service is started. */
  times: number;
  /** How many payments wait at once. */
  payments: number;
  /** How often each of them is asked about, seconds. */
  interval: number;
  /** The scheduler alone: nobody is asked. */
  noCall: boolean;
  /** Refunds whose answer is lost. */
  lost: number;
  flame: boolean;
}

/** Starting a house, warming up, letting the counters settle, taking it down. */
const SET_UP_S = { embedded: 70, distributed: 90 };
const LONGEST_PROFILE_S = 30;
const WRITE_PROFILE_S = 10;
/** The sandbox's board holds so many faults, and each of these refunds has one of its own. */
const MOST_LOST = 100;
/** Stopping a service in order, and starting it. */
const RESTART_S = 6;
const DISTRIBUTED_ONLY: readonly BenchName[] = ['startup', 'rolling'];
const WITH_PROFILE: readonly BenchName[] = ['payments', 'create', 'read', 'poll', 'waiting', 'idle'];
/** What its payments need before and after the measured run. */
const AROUND_S: Partial<Record<BenchName, number>> = { refunds: 150, waiting: 240, certificate: 20 };
const MINUTES: Partial<Record<BenchName, number>> = { refunds: 9, waiting: 10 };

const RATES: Record<BenchName, number> = {
  ...{ payments: 25, create: 50, read: 200, poll: 50, refunds: 10, waiting: 1, certificate: 100 },
  ...{ startup: 1, idle: 5, rolling: 50 },
};
const SECONDS: Record<BenchName, number> = {
  ...{ payments: 60, create: 20, read: 20, poll: 20, refunds: 30, waiting: 120, certificate: 30 },
  ...{ startup: 1, idle: 60, rolling: 60 },
};
const DESKS: Record<BenchName, number> = {
  ...{ payments: 200, create: 200, read: 200, poll: 200, refunds: 50, waiting: 1, certificate: 200 },
  ...{ startup: 1, idle: 20, rolling: 200 },
};
/** One of a service at least is there while the other is away. */
const REPLICAS: Partial<Record<BenchName, string>> = { rolling: 'kaspi=2' };

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
  times: text,
  payments: text,
  interval: text,
  'no-call': flag,
  lost: text,
  replicas: text,
  flame: flag,
  embedded: flag,
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the command line of `npm run bench`. @throws PlainFailure naming what cannot be understood. */
export function readBenchOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values, positionals } = readCommandLine('npm run bench', args, OPTIONS);
  if (values.help === true) return 'help';
  const name = readName(positionals);
  const embedded = values.embedded === true;
  if (embedded && DISTRIBUTED_ONLY.includes(name)) {
    throw new PlainFailure(`--embedded is not for ${name}, which stops and starts one service of many.`);
  }
  if (embedded && values.replicas !== undefined)
    throw new PlainFailure('--replicas and --embedded do not go together.');
  const steps = values.steps === true || (name === 'payments' && values.rate === undefined);
  if (steps && name !== 'payments') throw new PlainFailure(`--steps is for payments only, not for ${name}.`);
  const flame = values.flame === true;
  if (flame && !WITH_PROFILE.includes(name)) throw new PlainFailure(`--flame is not for ${name}.`);
  const noCall = values['no-call'] === true;
  if (noCall && name !== 'waiting') throw new PlainFailure(`--no-call is for waiting only, not for ${name}.`);
  const stepBy = count('step-by', values['step-by'], 25, 1_000);
  const options: BenchOptions = {
    name,
    embedded,
    replicas: replicasOf(name, values.replicas ?? REPLICAS[name] ?? 'gateway=1'),
    rate: count('rate', values.rate, name === 'payments' ? stepBy : RATES[name], 5_000),
    steps,
    stepBy,
    stepSeconds: count('step-seconds', values['step-seconds'], 20, 600),
    seconds: count('seconds', values.seconds, SECONDS[name], 600),
    minutes: count('minutes', values.minutes, MINUTES[name] ?? (name === 'payments' && !embedded ? 8 : 6), 120),
    desks: count('desks', values.desks, DESKS[name], 5_000),
    open: count('open', values.open, 200, 5_000),
    times: count('times', values.times, name === 'certificate' ? 2 : 5, 100),
    payments: count('payments', values.payments, noCall ? 1_000_000 : 100_000, 1_000_000),
    interval: count('interval', values.interval, noCall ? 600 : 60, 3_600),
    noCall,
    lost: count('lost', values.lost, 20, MOST_LOST),
    flame,
  };
  const leastS = leastSeconds(options);
  if (leastS > options.minutes * 60) {
    const what = name === 'startup' ? `--times ${options.times}` : `--seconds ${options.seconds}`;
    throw new PlainFailure(`${what} does not fit: give --minutes ${Math.ceil(leastS / 60)} or more.`);
  }
  return options;
}

function leastSeconds(options: BenchOptions): number {
  const setUpS = SET_UP_S[options.embedded ? 'embedded' : 'distributed'];
  if (options.name === 'startup') return setUpS + options.times * options.replicas.size * RESTART_S;
  const aroundS = AROUND_S[options.name] ?? 0;
  return setUpS + aroundS + options.seconds + (options.flame ? profileSeconds(options) + WRITE_PROFILE_S : 0);
}

/** How long the profiled run is. */
export const profileSeconds = ({ seconds }: Pick<BenchOptions, 'seconds'>): number =>
  Math.min(seconds, LONGEST_PROFILE_S);

function replicasOf(name: BenchName, said: string): Replicas {
  const replicas = readReplicas(said);
  const absent = [...replicas].find(([, processes]) => processes === 0);
  if (absent !== undefined)
    throw new PlainFailure(`Without ${absent[0]} there is nothing to measure: run at least one.`);
  if (name === 'rolling' && replicas.get('kaspi') === 1) {
    throw new PlainFailure('rolling restarts kaspi while another one works: run at least two.');
  }
  return replicas;
}

function readName(positionals: readonly string[]): BenchName {
  const [first, second] = positionals;
  if (first === undefined) throw new PlainFailure(`Name what to measure: ${BENCH_NAMES.join(', ')}.`);
  if (second !== undefined) throw new PlainFailure(`One measurement at a time: ${first} and ${second} were given.`);
  const name = BENCH_NAMES.find((known) => known === first);
  if (name !== undefined) return name;
  throw new PlainFailure(`There is no measurement "${first}": choose one of ${BENCH_NAMES.join(', ')}.`);
}

const count = (option: string, said: string | undefined, otherwise: number, most: number): number =>
  readNumber(option, said, otherwise, { least: 1, most });
