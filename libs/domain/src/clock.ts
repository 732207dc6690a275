/**
 * Time as a port: whoever needs the time is handed a `Clock`, so that tests move time instead of waiting for it.
 */

export interface Clock {
  /** Wall time in epoch milliseconds. It may step backwards; never measure a duration with it. */
  now(): number;
  /** Milliseconds since an arbitrary start, never falling. For durations and deadlines inside one process. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** A clock that stands still until it is moved. Starts at 2026-01-01T00:00:00Z unless told otherwise. */
export class ManualClock implements Clock {
  private wallMs: number;
  private elapsedMs = 0;

  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.wallMs = startMs;
  }

  now(): number {
    return this.wallMs;
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  /** Time passes: both clocks move forward by `ms` (≥ 0, else RangeError). */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`time cannot advance by ${ms} ms`);
    this.wallMs += ms;
    this.elapsedMs += ms;
  }

  /** The wall clock is corrected by `deltaMs` (may be negative), as a time server does; no time passes. */
  stepWall(deltaMs: number): void {
    this.wallMs += deltaMs;
  }
}
