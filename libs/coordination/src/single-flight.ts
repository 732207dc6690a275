import { type Clock, TolemError } from '@tolem/domain';

/** Does the same work once for all who ask for it at the same moment. */
export interface SingleFlight {
  /**
   * Runs `work`, or joins the run of the same key that is under way: everybody gets its value or its error. The next
   * call after its end runs again; nothing is kept. Work must not ask for its own key. Values are plain JSON, because
   * a run may be another process' own. Throws a TolemError `overloaded` where too many keys are under way.
   */
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
}

interface Flight {
  readonly result: Promise<unknown>;
  readonly begunMs: number;
}

export interface SingleFlightLimits {
  /** Most keys that are under way at once. */
  readonly maxKeys?: number;
  /** A run that takes longer is joined by nobody any more: the next caller begins another. */
  readonly joinWithinMs?: number;
}

const MAX_KEYS = 10_000;
const JOIN_WITHIN_MS = 60_000;

export class MemorySingleFlight implements SingleFlight {
  readonly #flights = new Map<string, Flight>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: SingleFlightLimits = {},
  ) {}

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const nowMs = this.clock.monotonicMs();
    const { maxKeys = MAX_KEYS, joinWithinMs = JOIN_WITHIN_MS } = this.limits;
    const running = this.#flights.get(key);
    // One key means one kind of work, so whoever shares a key shares the type.
    if (running !== undefined && nowMs - running.begunMs < joinWithinMs) return running.result as Promise<T>;
    if (running === undefined && this.#flights.size >= maxKeys) {
      const refusal = new TolemError('overloaded', 'Too much is under way at once.', { retry: 'backoff' });
      return Promise.reject(refusal);
    }
    // Whatever `work` does at once, it does after its run is known to others.
    const result: Promise<T> = Promise.resolve()
      .then(work)
      .finally(() => {
        if (this.#flights.get(key)?.result === result) this.#flights.delete(key);
      });
    this.#flights.set(key, { result, begunMs: nowMs });
    return result;
  }

  get size(): number {
    return this.#flights.size;
  }
}
