import type { Envelope } from '@tolem/contracts';
import type { Transport } from '@tolem/persistence';

/**
 * What became of one message: handled and committed, written to the dead letters, to be sent again, or of a type that
 * nobody here knows yet.
 */
export type Delivery = 'done' | 'dead' | 'again' | 'parked';

/** Handles messages of one consumer, in the order given; resolves with the outcome of each. Throws on trouble of infrastructure. */
export type Deliver = (batch: readonly Envelope[]) => Promise<readonly Delivery[]>;

export interface Subscription {
  /** Takes nothing more, waits for what runs. */
  close(): Promise<void>;
}

/** What one consumer has to do, in messages; for metrics. */
export interface ConsumerStats {
  /** Taken over and waiting for their turn. */
  readonly queued: number;
  /** In the hands of the handlers. */
  readonly running: number;
  /** Of a type that nobody here knows yet: tried again now and then for as long as it takes. */
  readonly parked: number;
  /** Written to the dead letters since this process began. */
  readonly deadLettered: number;
  /** Behind the newest message of its topics and not yet handled; only where the carrier keeps its own account. */
  readonly lag?: number;
}

/** The bus as services see it. */
export interface Bus extends Transport {
  subscribe(consumer: string, topics: readonly string[], deliver: Deliver): Subscription;
  /** Sends a message that may be lost: no row behind it, no answer. Never blocks, never throws. */
  announce(envelope: Envelope): void;
  /** By name, every consumer that lives in this process. */
  stats(): Readonly<Record<string, ConsumerStats>>;
}

/** Injection token of the bus in Nest modules. */
export const BUS = Symbol('bus');
