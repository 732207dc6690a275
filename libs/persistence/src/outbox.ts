import { type Envelope, envelopeOf, headersOf } from '@tolem/contracts';
import type { Database } from './database.ts';

/** A row of the table `outbox`: one message for one consumer. */
export interface OutboxRow {
  readonly id: string;
  readonly topic: string;
  /** Empty where the transport keeps its own account of consumers (Kafka). */
  readonly consumer: string;
  readonly key: string;
  readonly headers: unknown;
  readonly body: unknown;
}

/** Carries messages away. */
export interface Transport {
  /** Who must have handled a message of this topic before its row may go: one row is written for each. */
  consumersOf(topic: string): readonly string[];
  /**
   * Carries messages and resolves with the outcome of each, in the same order: true once the message is safe (its
   * handler has committed, or all in-sync replicas hold it), false where it must be sent again. Never rejects. A
   * message that is under way already is not carried twice: both callers get the same outcome.
   */
  send(messages: readonly OutboxMessage[]): readonly Promise<boolean>[];
  /**
   * Ids of messages that wait for a reason of their own (a type that nobody knows yet, a handler that cannot stand
   * them): that they are old says nothing about whether messages get through.
   */
  heldBack?(): readonly string[];
}

export interface OutboxMessage {
  readonly id: string;
  readonly consumer: string;
  readonly envelope: Envelope;
}

const DELETE_BATCH = 500;
/**
 * What has become safe goes in one statement for all of that time. A relay takes rows that are a second old, so at half of
 * that none of another process meets what only waits to be removed.
 */
const DELETE_EVERY_MS = 500;
/** While something was left behind or would not go, and for so many looks after it: longer than a claim lasts. */
const RELAY_EVERY_MS = 200;
const QUICK_LOOKS = 20;
/**
 * While everything leaves by itself. What a crash left behind waits until it is a second old, and then as long as this at
 * most; a quiet house looks once a second rather than five times.
 */
const QUIET_RELAY_EVERY_MS = 1_000;
const RELAY_BATCH = 500;
/** Rows younger than this belong to the process that wrote them: it publishes at once after its commit. */
const RELAY_MIN_AGE_MS = 1_000;
/** Far shorter than a start's deadline: what a relay claimed before it died must not wait long for the next one. */
const CLAIM_MS = 3_000;
/** More than a few broken rows are trouble of everybody's. */
const MOST_UNREADABLE = 1_000;

export interface OutboxOptions {
  readonly db: Database;
  readonly transport: Transport;
  readonly newId: () => string;
  /** Hears of trouble; the relay itself goes on for ever. */
  readonly onError: (error: unknown, what: string) => void;
  /** Calls `then` after `ms` unless what it returns is called before; for specs, which do not wait. */
  readonly after?: (ms: number, then: () => void) => () => void;
}

function callAfter(ms: number, then: () => void): () => void {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
}

/**
 * The transactional outbox of one service. A use case writes the rows in the statement that changes its state and hands
 * the same rows to `publish` after the commit; what a crash leaves behind the relay sends. Rows go when the transport
 * says that the message is safe, in batches.
 */
export class Outbox {
  readonly #done: string[] = [];
  /**
   * What the transport holds and has not answered for, and what is safe and not yet removed: however long that takes, the
   * relay does not hand it over again.
   */
  readonly #carried = new Set<string>();
  /** Rows that no release can read: they stay for a person, and say nothing about whether messages get through. */
  readonly #unreadable = new Set<string>();
  #cancelLook: (() => void) | undefined;
  #removing: Promise<void> = Promise.resolve();
  #deleteTimer: NodeJS.Timeout | undefined;
  #relaying: Promise<void> | undefined;
  /** A process that begins may find what its forerunner left. */
  #quickLooks = QUICK_LOOKS;
  #stopped = false;

  constructor(private readonly options: OutboxOptions) {}

  /** The rows that a message becomes: one per consumer. Put them into the statement that changes the state. */
  rowsFor(envelope: Envelope): OutboxRow[] {
    return this.options.transport.consumersOf(envelope.topic).map((consumer) => ({
      id: this.options.newId(),
      topic: envelope.topic,
      consumer,
      key: envelope.key,
      headers: headersOf(envelope),
      body: envelope.body,
    }));
  }

  /** Sends rows whose transaction has committed. Returns at once; what cannot be sent now the relay sends later. */
  publish(rows: readonly OutboxRow[]): void {
    if (rows.length === 0 || this.#stopped) return;
    this.#send(this.#readable(rows));
  }

  /** Starts the relay. */
  start(): void {
    if (this.#cancelLook === undefined && !this.#stopped) this.#lookLater();
  }

  #lookLater(): void {
    const { after = callAfter } = this.options;
    this.#cancelLook = after(this.#quickLooks > 0 ? RELAY_EVERY_MS : QUIET_RELAY_EVERY_MS, () => {
      this.#relaying = this.#look();
    });
  }

  async #look(): Promise<void> {
    this.#quickLooks = Math.max(0, this.#quickLooks - 1);
    try {
      if ((await this.relayOnce()) > 0) this.#quickLooks = QUICK_LOOKS;
    } catch (error) {
      this.#quickLooks = QUICK_LOOKS;
      this.options.onError(error, 'outbox relay');
    }
    if (!this.#stopped) this.#lookLater();
  }

  /**
   * For the start of a service of which no other process runs: whatever lies here was written or claimed by a dead one,
   * and leaves now.
   */
  async takeOver(): Promise<void> {
    await this.options.db.query('UPDATE outbox SET claimed_until = NULL WHERE claimed_until IS NOT NULL');
    while ((await this.relayOnce(0)) === RELAY_BATCH);
  }

  /** Sends what is old enough and claimed by nobody; returns how many rows it took. */
  async relayOnce(minAgeMs = RELAY_MIN_AGE_MS): Promise<number> {
    const rows = await this.options.db.query<OutboxRow & { created_at: Date }>(
      `UPDATE outbox SET claimed_until = now() + $1 * interval '1 ms'
        WHERE id IN (SELECT id FROM outbox
                      WHERE created_at < now() - $2 * interval '1 ms' AND (claimed_until IS NULL OR claimed_until < now())
                      ORDER BY created_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
        RETURNING id, topic, consumer, key, headers, body, created_at`,
      [CLAIM_MS, minAgeMs, RELAY_BATCH],
    );
    // RETURNING has no order; rows of one transaction share their time, and their ids rise.
    rows.sort((a, b) => a.created_at.getTime() - b.created_at.getTime() || (a.id < b.id ? -1 : 1));
    this.#send(this.#readable(rows));
    return rows.length;
  }

  /**
   * How long the oldest message has waited, in milliseconds; 0 where none waits. Messages that are held back for a
   * reason of their own do not count: one poisoned message must not look like a bus that stands still.
   */
  async oldestAgeMs(): Promise<number> {
    const [row] = await this.options.db.query<{ age: number | null }>(
      `SELECT extract(epoch FROM clock_timestamp() - min(created_at))::float8 * 1000 AS age
         FROM outbox WHERE id <> ALL($1::uuid[])`,
      [[...(this.options.transport.heldBack?.() ?? []), ...this.#unreadable]],
    );
    return row?.age ?? 0;
  }

  /** Ends the relay and removes what is known to be safe. Rows not yet safe stay for the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelLook?.();
    await this.#relaying;
    await this.#remove();
  }

  /** A row that breaks the envelope's form stays where it is and is reported; the rows beside it must not wait for it. */
  #readable(rows: readonly OutboxRow[]): readonly OutboxMessage[] {
    return rows.flatMap((row) => {
      try {
        return [toMessage(row)];
      } catch (error) {
        if (this.#unreadable.size < MOST_UNREADABLE) this.#unreadable.add(row.id);
        this.options.onError(error, `outbox row ${row.id}`);
        return [];
      }
    });
  }

  #send(messages: readonly OutboxMessage[]): void {
    const ours = messages.filter((message) => !this.#carried.has(message.id));
    for (const message of ours) this.#carried.add(message.id);
    const outcomes = this.options.transport.send(ours);
    ours.forEach((message, index) => {
      void outcomes[index]?.then((safe) => {
        if (safe) return this.#settle(message.id);
        this.#carried.delete(message.id);
        // It is brought again when it is old enough, which nobody should have to wait for longer than needed.
        this.#quickLooks = QUICK_LOOKS;
      });
    });
  }

  #settle(id: string): void {
    // After the end nobody removes rows any more: the next start sends them once more, and the consumers know them.
    if (this.#stopped) return;
    this.#done.push(id);
    if (this.#done.length >= DELETE_BATCH) void this.#remove();
    else this.#deleteTimer ??= setTimeout(() => void this.#remove(), DELETE_EVERY_MS);
  }

  /** One removal at a time, so that `stop` can wait for the one that is running. */
  #remove(): Promise<void> {
    clearTimeout(this.#deleteTimer);
    this.#deleteTimer = undefined;
    this.#removing = this.#removing.then(() => this.#removeDone());
    return this.#removing;
  }

  async #removeDone(): Promise<void> {
    while (this.#done.length > 0) {
      const ids = this.#done.splice(0, DELETE_BATCH);
      try {
        await this.options.db.query('DELETE FROM outbox WHERE id = ANY($1::uuid[])', [ids]);
      } catch (error) {
        // The relay will send them once more and the consumers know them already.
        this.#letGo([...ids, ...this.#done.splice(0)]);
        this.options.onError(error, 'outbox removal');
        return;
      }
      this.#letGo(ids);
    }
  }

  #letGo(ids: readonly string[]): void {
    for (const id of ids) this.#carried.delete(id);
  }
}

function toMessage(row: OutboxRow): OutboxMessage {
  return { id: row.id, consumer: row.consumer, envelope: envelopeOf(row.topic, row.key, row.headers, row.body) };
}
