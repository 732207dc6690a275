import type { Mode } from '@tolem/contracts';

/** Where an event stands among all of its tenant and mode: by era, then txid, then seq. A txid has 64 bits, hence text. */
export interface EventPlace {
  readonly era: number;
  readonly txid: string;
  readonly seq: number;
}

/** An event as the database hands it over (`event_row`): ids are UUIDs, times are what PostgreSQL writes into JSON. */
export interface EventRow extends EventPlace {
  readonly id: string;
  readonly type: string;
  readonly mode: Mode;
  readonly created_at: string;
  /** The row of what it is about, as it was then. */
  readonly snapshot: unknown;
}
