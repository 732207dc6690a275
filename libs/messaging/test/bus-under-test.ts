import type { Clock } from '@tolem/domain';
import type { Bus } from '../src/index.ts';

export interface BusUnderTest {
  readonly bus: Bus;
  /** When a sender is told that a message is safe: its handler has committed, or the carrier holds it. */
  readonly safeMeans: 'handled' | 'carried';
  /** Ends it as a stopping process does. */
  close(): Promise<void>;
}

export interface BusSetting {
  /** What processes of one case share and no other case does; for names on a broker. */
  readonly world: string;
  /** Topic → its consumers. */
  readonly topology: Readonly<Record<string, readonly string[]>>;
  readonly onError: (error: unknown, consumer: string) => void;
  /** Tells when a parked message may be tried again. */
  readonly clock: Clock;
  /** How the bus waits while infrastructure is in trouble; default: in real time. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Most messages that this process holds for one consumer. */
  readonly maxQueued?: number;
}

/** Starts one process' end of a bus; called twice in a case, it makes the process after the first one's end. */
export type MakeBus = (setting: BusSetting) => Promise<BusUnderTest>;
