import type { Envelope } from '@tolem/contracts';
import type { OutboxMessage } from '@tolem/persistence';
import type { Bus } from '../src/index.ts';
import { rowsOf } from './messages.ts';

const AGAIN_AFTER_MS = 5;

/**
 * An outbox without a database and without its waits: keeps what is not safe and sends it again soon, until it is closed.
 * What it still holds at that moment is what a real outbox would find in its table at the next start.
 */
export class MemoryOutbox {
  readonly #held = new Map<string, OutboxMessage>();
  #closed = false;

  constructor(private readonly bus: Bus) {}

  publish(...envelopes: readonly Envelope[]): void {
    const rows = envelopes.flatMap((envelope) => rowsOf(this.bus, envelope));
    for (const row of rows) this.#held.set(row.id, row);
    this.#send(rows);
  }

  /** How many messages are not safe yet. */
  get size(): number {
    return this.#held.size;
  }

  close(): void {
    this.#closed = true;
  }

  #send(rows: readonly OutboxMessage[]): void {
    if (this.#closed) return;
    const outcomes = this.bus.send(rows);
    const settled = rows.map(async (row, index) => {
      if (await outcomes[index]) this.#held.delete(row.id);
      return row;
    });
    // As the relay does, what is left goes again together and in its old order.
    void Promise.all(settled).then((all) => {
      const left = all.filter((row) => this.#held.has(row.id));
      if (left.length > 0) setTimeout(() => this.#send(left), AGAIN_AFTER_MS);
    });
  }
}
