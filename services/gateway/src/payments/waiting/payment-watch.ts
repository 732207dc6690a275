/** One request that waits for news of one payment. */
export class PaymentWatch {
  #rung = false;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(
    private readonly rereadEveryMs: number,
    private readonly onClose: () => void,
  ) {}

  /** There may be news. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
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
  async until<T>(first: T, read: () => Promise<T>, isEnough: (state: T) => boolean, waitMs: number): Promise<T> {
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
        state = await read();
      }
      return state;
    } finally {
      clearTimeout(timer);
    }
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
