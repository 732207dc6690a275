interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls `then` after `ms`, unless what it returns is called before. */
export type CallAfter = (ms: number, then: () => void) => () => void;

const callAfter: CallAfter = (ms, then) => {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
};

/**
 * Does together what is asked for at about the same time: many small commands cost both ends more than one large one.
 * What comes alone goes at once; what comes within `gatherMs` of the last goes when they are over, or with `most` others.
 */
export class Gathered<T, R> {
  #waiting: Waiting<T, R>[] = [];
  /** Set while what comes has to wait. */
  #cancel: (() => void) | undefined;

  constructor(
    private readonly limits: { readonly gatherMs: number; readonly most: number },
    /** Gives a result for each item, in their order; where it rejects, all of them do. */
    private readonly work: (items: readonly T[]) => Promise<readonly R[]>,
    private readonly after: CallAfter = callAfter,
  ) {}

  run(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#cancel === undefined || this.#waiting.length >= this.limits.most) this.#go();
    });
  }

  #go(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#cancel?.();
    this.#cancel = this.after(this.limits.gatherMs, () => {
      this.#cancel = undefined;
      if (this.#waiting.length > 0) this.#go();
    });
    void this.#do(waiting);
  }

  async #do(waiting: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await this.work(waiting.map(({ item }) => item));
      if (results.length !== waiting.length) {
        throw new RangeError(`${waiting.length} were asked for and ${results.length} came back`);
      }
      results.forEach((result, at) => waiting[at]?.resolve(result));
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
