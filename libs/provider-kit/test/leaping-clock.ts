import { type Clock, systemClock } from '@tolem/domain';

/** The clock on the wall, which a spec may set ahead: for the service time has passed then, and for the database it has not. */
export class LeapingClock implements Clock {
  #aheadMs = 0;

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#aheadMs;
  }

  leap(ms: number): void {
    this.#aheadMs += ms;
  }
}
