import type { Envelope } from '@tolem/contracts';
import type { Transport } from '@tolem/persistence';

/** What became of one message: handled and committed, to be sent again, or of a type that nobody here knows yet. */
export type Delivery = 'done' | 'again' | 'parked';

/** Handles messages of one consumer, in the order given; resolves with the outcome of each. Throws on trouble of infrastructure. */
export type Deliver = (batch: readonly Envelope[]) => Promise<readonly Delivery[]>;

export interface Subscription {
  /** Takes nothing more, waits for what runs. */
  close(): Promise<void>;
}

/** The bus as services see it. */
export interface Bus extends Transport {
  subscribe(consumer: string, topics: readonly string[], deliver: Deliver): Subscription;
  /** Sends a message that may be lost: no row behind it, no answer. Never blocks, never throws. */
  announce(envelope: Envelope): void;
}

/** Injection token of the bus in Nest modules. */
export const BUS = Symbol('bus');
