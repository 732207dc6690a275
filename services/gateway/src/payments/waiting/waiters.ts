import { Inject, Injectable } from '@nestjs/common';
import type { WakeUps } from '@tolem/coordination';
import { CLOSING, WAKE_UPS } from '../../tokens.ts';
import { PAYMENT_SETTINGS, type PaymentSettings } from '../payment-settings.ts';
import { type Versioned, Watch } from './watch.ts';

/**
 * Requests that wait for news of a payment or a refund. Each watches before it reads, so that no news falls in between;
 * their number is bounded; when the process closes all of them go home with the state as it is.
 */
@Injectable()
export class Waiters {
  readonly #watches = new Set<Watch<Versioned>>();
  readonly #bySubject = new Map<string, Set<Watch<Versioned>>>();

  constructor(
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
    @Inject(CLOSING) private readonly closing: AbortSignal,
    @Inject(PAYMENT_SETTINGS) private readonly settings: PaymentSettings,
  ) {
    closing.addEventListener('abort', () => {
      for (const watch of this.#watches) watch.end();
    });
  }

  /** How many requests wait now. */
  get count(): number {
    return this.#watches.size;
  }

  /** Headers of every answer: a client that waited must not hold the closing process by the connection it keeps. */
  farewell(): Record<string, string> {
    return this.closing.aborted ? { connection: 'close' } : {};
  }

  /** Which of these somebody waits for in this process; public ids. */
  watched(ids: readonly string[]): string[] {
    return ids.filter((id) => this.#bySubject.has(id));
  }

  /** Hands a row that this process has just changed to whoever waits for it; the wake-up follows. @param id public id */
  bring(id: string, row: Versioned): void {
    for (const watch of this.#bySubject.get(id) ?? []) watch.bring(row);
  }

  /**
   * Begins to listen; undefined where too many wait already. Whoever gets a watch closes it.
   * @param id public id; its prefix decides of what rows the news are, so the caller says which
   * @param gone fires when the client has hung up
   */
  watch<Row extends Versioned>(id: string, gone: AbortSignal): Watch<Row> | undefined {
    if (this.#watches.size >= this.settings.maxWaiters) return undefined;
    const watch = new Watch<Row>(id, this.settings.rereadEveryMs, () => {
      this.#remove(watch);
      stopListening();
      gone.removeEventListener('abort', end);
    });
    const end = (): void => watch.end();
    const stopListening = this.wakeUps.listen(id, () => watch.ring());
    gone.addEventListener('abort', end);
    this.#add(watch);
    if (gone.aborted || this.closing.aborted) watch.end();
    return watch;
  }

  /**
   * Reads, and reads on until it is enough, the time is over or the client gone; undefined where too many wait already.
   * Listens before the first read, so that no news falls in between.
   */
  async readUntil<Row extends Versioned>(wait: {
    readonly id: string;
    readonly waitMs: number;
    readonly gone: AbortSignal;
    readonly read: () => Promise<Row>;
    readonly isEnough: (row: Row, first: Row) => boolean;
  }): Promise<Row | undefined> {
    const watch = this.watch<Row>(wait.id, wait.gone);
    if (watch === undefined) return undefined;
    try {
      const first = await wait.read();
      return await watch.until(first, wait.read, (row) => wait.isEnough(row, first), wait.waitMs);
    } finally {
      watch.close();
    }
  }

  #add(watch: Watch<Versioned>): void {
    this.#watches.add(watch);
    const others = this.#bySubject.get(watch.subject);
    if (others === undefined) this.#bySubject.set(watch.subject, new Set([watch]));
    else others.add(watch);
  }

  #remove(watch: Watch<Versioned>): void {
    this.#watches.delete(watch);
    const others = this.#bySubject.get(watch.subject);
    others?.delete(watch);
    if (others?.size === 0) this.#bySubject.delete(watch.subject);
  }
}
