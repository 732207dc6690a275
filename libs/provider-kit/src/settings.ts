import type { Clock } from '@tolem/domain';
import { DEFAULT_TIMETABLE, type Timetable } from './payments/payment-picture.ts';

/** Limits of a provider service; all waits are settings, so that drills can scale them. Milliseconds. */
export interface KitSettings {
  /** How long an operation belongs to the process that took it. */
  readonly leaseMs: number;
  /** The longest that one call to the provider may take; a lease must have at least that left before a call. */
  readonly callMs: number;
  /** Most operations that wait for one connection; more end as overloaded. */
  readonly maxQueuedPerConnection: number;
  readonly sweepEveryMs: number;
  readonly sweepBatch: number;
  /** The shortest time between two looks into the poll schedule: what falls due meanwhile is claimed together. */
  readonly pollTickMs: number;
  /** The same while more is due than a look has taken. */
  readonly pollBusyTickMs: number;
  /** The longest one: what another process put in and did not live to claim is that much late. */
  readonly pollIdleMs: number;
  readonly pollBatch: number;
  readonly reseedEveryMs: number;
  /** How often a connection that is down is asked again. */
  readonly recheckDownMs: number;
  /** How often a connection that works is pinged. */
  readonly healthEveryMs: number;
  /** Before a critical call that left no trace may be judged "not performed" or made again (architecture §3). */
  readonly resolveAfterMs: number;
  /** The longest that a critical call may take: nobody asks what became of it before. */
  readonly writeMs: number;
  /** So many readings in a row that show no effect of a critical call, over so much time, prove that it was not performed. */
  readonly unchangedReadings: number;
  readonly unchangedOverMs: number;
  /** After its first call left, a refund that is proven not performed may be made again for so long. */
  readonly repeatRefundWithinMs: number;
  /**
   * How long a buyer who has shown himself may be kept waiting for the choice of his purchase.
   * ASSUMPTION: how long a refund code may be used after the scan is not documented (Kaspi QR v3.9 §3.4).
   */
  readonly chooseWithinMs: number;
  /** Between committing "about to send" and the first byte. */
  readonly sendWithinMs: number;
  readonly timetable: Timetable;
  /** True where no other process runs this service: what a dead one held is taken over at the start. */
  readonly alone: boolean;
}

export const DEFAULT_KIT_SETTINGS: KitSettings = {
  leaseMs: 20_000,
  callMs: 9_000,
  maxQueuedPerConnection: 512,
  sweepEveryMs: 1_000,
  sweepBatch: 200,
  pollTickMs: 50,
  pollBusyTickMs: 10,
  pollIdleMs: 250,
  pollBatch: 200,
  reseedEveryMs: 30_000,
  recheckDownMs: 10_000,
  healthEveryMs: 300_000,
  resolveAfterMs: 90_000,
  writeMs: 31_000,
  unchangedReadings: 3,
  unchangedOverMs: 120_000,
  repeatRefundWithinMs: 3_600_000,
  chooseWithinMs: 300_000,
  sendWithinMs: 2_000,
  timetable: DEFAULT_TIMETABLE,
  alone: false,
};

/** The kit's own log: fields first. */
export interface KitLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface KitSurroundings {
  readonly clock: Clock;
  readonly log: KitLog;
  readonly settings: KitSettings;
}
