/** What requests wait for: its version rises with every change. */
export interface Versioned {
  readonly version: number;
}

/** One request that waits for news of one payment or refund. */
export class Watch<Row extends Versioned> {
  #rung = false;
  #ended = false;
  #wake: (() => void) | undefined;
  #news: Row | undefined;

  /** @param subject public id */
  constructor(
    readonly subject: string,
    private readonly rereadEveryMs: number,
    private readonly onClose: () => void,
  ) {}

  /** There may be news. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** The row as this process has just changed it: saves reading it when the wake-up comes. */
  bring(row: Row): void {
    this.#news = row;
  }

  /** Waiting has no sense any more: the process closes, or the client is gone. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  close(): void {
    this.onClose();
  }

  /**
   * Waits until the state is enough or the time is over and returns the last state read. Reads after every wake-up, now
   * and then without one, and once more at the end: a wake-up is only a hint and may be lost.
   */
  async until(first: Row, read: () => Promise<Row>, isEnough: (state: Row) => boolean, waitMs: number): Promise<Row> {
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      this.#wake?.();
    }, waitMs);
    try {
      let state = first;
      while (!isEnough(state) && !isOver && !this.#ended) {
        await this.#bell();
        this.#rung = false;
        state = this.#newerThan(state) ?? (await read());
      }
      return state;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What was brought, once and only where it is newer: everything else is read. */
  #newerThan(state: Row): Row | undefined {
    const news = this.#news;
    this.#news = undefined;
    return news !== undefined && news.version > state.version ? news : undefined;
  }

  #bell(): Promise<void> {
    if (this.#rung) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), this.rereadEveryMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
