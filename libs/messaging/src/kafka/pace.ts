import { setTimeout as passing } from 'node:timers/promises';

/**
 * Lets through at most once in so many milliseconds, and at once after a rest: what comes in between goes together. A
 * request to a broker costs far more than a message in it.
 */
export class Pace {
  #notBeforeMs = -Infinity;
  #waiting: Promise<void> | undefined;

  constructor(private readonly everyMs: number) {}

  /** Resolves when it is time, for all who wait at once. */
  turn(): Promise<void> {
    this.#waiting ??= this.#wait().finally(() => (this.#waiting = undefined));
    return this.#waiting;
  }

  async #wait(): Promise<void> {
    const waitMs = this.#notBeforeMs - performance.now();
    if (waitMs > 0) await passing(waitMs);
    else await new Promise<void>((resolve) => setImmediate(resolve));
    this.#notBeforeMs = performance.now() + this.everyMs;
  }
}
