/** What operators and specs may tune about reading events. */
export interface EventSettings {
  /** Most requests that wait for events at once in this process; the next one is refused. */
  readonly maxWaiters: number;
  /** A waiter looks again this often even if nobody woke it. */
  readonly rereadEveryMs: number;
}

/** Injection token of `EventSettings`. */
export const EVENT_SETTINGS = Symbol('event settings');
/** EventBell. */
export const EVENT_BELL = Symbol('event bell');

export const DEFAULT_EVENT_SETTINGS: EventSettings = { maxWaiters: 5_000, rereadEveryMs: 2_000 };
