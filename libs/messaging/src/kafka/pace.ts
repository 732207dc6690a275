import { setTimeout as passing } from 'node:timers/promises';

export interface PaceTime {
  /** Monotonic milliseconds. */
  now(): number;
  /** Resolves after `ms`; with 0 in the next turn of the event loop. */
  wait(ms: number): Promise<unknown>;
}

const realTime: PaceTime = {
  now: () => performance.now(),
  wait: (ms) => (ms > 0 ? passing(ms) : new Promise((resolve) => setImmediate(resolve))),
};

/**
 * Lets through at most once in so many milliseconds, and at once after a rest: what comes in between goes together. A
 * request to a broker costs far more than a message in it.
 */
export class Pace {
  #notBeforeMs = -Infinity;
  #waiting: Promise<void> | undefined;

  constructor(
    private readonly everyMs: number,
    private readonly time = realTime,
  ) {}

  /** Resolves when it is time, for all who wait at once. */
  turn(): Promise<void> {
    this.#waiting ??= this.#wait().finally(() => (this.#waiting = undefined));
    return this.#waiting;
  }

  async #wait(): Promise<void> {
    await this.time.wait(Math.max(this.#notBeforeMs - this.time.now(), 0));
    this.#notBeforeMs = this.time.now() + this.everyMs;
  }
}
