import type { Clock } from '@tolem/domain';

const FIRST_PARK_MS = 1_000;
const LONGEST_PARK_MS = 300_000;
/** A message that nobody brought again for so long has left its outbox. */
const FORGOTTEN_AFTER_MS = 2 * LONGEST_PARK_MS;
const MAX_HELD = 10_000;

interface Held {
  readonly why: 'parked' | 'failed';
  readonly tries: number;
  /** Before this moment a try would be wasted. Monotonic milliseconds. */
  readonly notBeforeMs: number;
  seenMs: number;
}

/**
 * Messages of one consumer that wait for a reason of their own: nobody knows their type yet, or their handler cannot
 * stand them. Their rows stay in the outbox and come again and again; only their ids and times are kept here, and past
 * the bound the longest held is forgotten, which means no more than that it is tried sooner.
 */
export class HeldBack {
  readonly #held = new Map<string, Held>();

  constructor(
    private readonly clock: Clock,
    private readonly maxHeld = MAX_HELD,
  ) {}

  /** True while a message that comes again would be tried in vain. */
  mustWait(id: string): boolean {
    const held = this.#held.get(id);
    if (held === undefined) return false;
    held.seenMs = this.clock.monotonicMs();
    return held.seenMs < held.notBeforeMs;
  }

  /** The next try comes after a second, then after twice as long each time, up to five minutes. */
  parked(id: string): void {
    const before = this.#held.get(id);
    const tries = (before?.why === 'parked' ? before.tries : 0) + 1;
    this.#hold(id, 'parked', tries, Math.min(FIRST_PARK_MS * 2 ** (tries - 1), LONGEST_PARK_MS));
  }

  /** Failed in its handler; how soon it comes again is its sender's business. */
  failed(id: string): void {
    this.#hold(id, 'failed', 1, 0);
  }

  release(id: string): void {
    this.#held.delete(id);
  }

  /** Other handlers have come: whatever is held may be tried at once. */
  clear(): void {
    this.#held.clear();
  }

  get ids(): readonly string[] {
    this.#forgetLost();
    return [...this.#held.keys()];
  }

  get parkedCount(): number {
    this.#forgetLost();
    return [...this.#held.values()].filter((held) => held.why === 'parked').length;
  }

  #hold(id: string, why: Held['why'], tries: number, waitMs: number): void {
    const seenMs = this.clock.monotonicMs();
    this.#held.delete(id);
    this.#held.set(id, { why, tries, notBeforeMs: seenMs + waitMs, seenMs });
    const [oldest] = this.#held.keys();
    if (this.#held.size > this.maxHeld && oldest !== undefined) this.#held.delete(oldest);
  }

  #forgetLost(): void {
    const since = this.clock.monotonicMs() - FORGOTTEN_AFTER_MS;
    for (const [id, held] of this.#held) if (held.seenMs < since) this.#held.delete(id);
  }
}
