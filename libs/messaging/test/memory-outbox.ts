import type { Envelope } from '@tolem/contracts';
import type { OutboxMessage } from '@tolem/persistence';
import type { Bus } from '../src/index.ts';
import { rowsOf } from './messages.ts';

const AGAIN_AFTER_MS = 5;

/**
 * An outbox without a database and without its waits: keeps what is not safe and sends it again soon, until it is closed.
 * `table` is what outlives the process: the next process' outbox begins with it.
 */
export class MemoryOutbox {
  #closed = false;

  constructor(
    private readonly bus: Bus,
    readonly table: Map<string, OutboxMessage> = new Map(),
  ) {
    this.#send([...table.values()]);
  }

  publish(...envelopes: readonly Envelope[]): void {
    this.#send(this.commit(...envelopes));
  }

  /** Writes the rows and goes no further, as a process does that ends right after its commit. */
  commit(...envelopes: readonly Envelope[]): OutboxMessage[] {
    const rows = envelopes.flatMap((envelope) => rowsOf(this.bus, envelope));
    for (const row of rows) this.table.set(row.id, row);
    return rows;
  }

  /** How many messages are not safe yet. */
  get size(): number {
    return this.table.size;
  }

  /** Sends nothing more and removes nothing more. */
  close(): void {
    this.#closed = true;
  }

  #send(rows: readonly OutboxMessage[]): void {
    if (this.#closed || rows.length === 0) return;
    const outcomes = this.bus.send(rows);
    const settled = rows.map(async (row, index) => {
      if ((await outcomes[index]) === true && !this.#closed) this.table.delete(row.id);
      return row;
    });
    // As the relay does, what is left goes again together and in its old order.
    void Promise.all(settled).then((all) => {
      const left = all.filter((row) => this.table.has(row.id));
      if (left.length > 0) setTimeout(() => this.#send(left), AGAIN_AFTER_MS);
    });
  }
}
