import type { PlainFailure } from '../terminal/plain-failure.ts';

/** Of parts that must all live: the first that ends by itself is the failure of the whole, and ends every wait. */
export class SharedFate {
  /** Why it broke; whatever else failed then failed because of it. */
  failure: PlainFailure | undefined;
  /** Ends every wait: asked to stop, or a part has ended by itself. */
  readonly ending: AbortSignal;
  private readonly rejection = Promise.withResolvers<never>();
  private readonly breaking = new AbortController();

  constructor(stopping: AbortSignal) {
    this.rejection.promise.catch(() => undefined);
    this.ending = AbortSignal.any([stopping, this.breaking.signal]);
  }

  /** Rejects when a part that should live has ended. */
  get broken(): Promise<never> {
    return this.rejection.promise;
  }

  breakWith(failure: PlainFailure): void {
    this.failure ??= failure;
    this.rejection.reject(failure);
    this.breaking.abort();
  }

  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.broken]);
  }
}
