import type { DistributedHouse, Step } from '@tolem/local-stack';
import type { BankLedger } from './bank-ledger.ts';
import type { BenchOptions } from './bench-options.ts';
import type { OpenHouse } from './bench-house.ts';
import type { HttpLoad } from './http-load.ts';
import type { ProcessUsage } from './process-usage.ts';
import type { TillPlace } from './till.ts';
import type { WaitingPayments } from './waiting-payments.ts';

/** What every measurement works with. */
export interface Bench {
  options: BenchOptions;
  house: OpenHouse;
  load: HttpLoad;
  /** Payments that the bank knew before the house was started; in `waiting` only. */
  waiting: WaitingPayments | undefined;
  ledger: BankLedger;
  usage: ProcessUsage;
  places: readonly TillPlace[];
  /** Of this run, so that no key or reference is used twice. */
  runId: string;
  /** performance.now() at which the run should be over. */
  deadlineMs: number;
  signal: AbortSignal;
  step<T>(title: string, work: (step: Step) => Promise<T>, outcome?: (result: T) => string): Promise<T>;
  line(text?: string): void;
}

/** The till of the n-th operation: tills go round the desks. */
export function placeOf(bench: Bench, index: number): TillPlace {
  const place = bench.places[index % bench.places.length];
  if (place === undefined) throw new Error('a measurement needs a cash desk');
  return place;
}

/** The house of a measurement that stops and starts its services. */
export function manyProcesses({ house }: Bench): DistributedHouse {
  if (house.distributed === undefined) throw new Error('this measurement needs a process per service');
  return house.distributed.house;
}
