import type { PaymentRow } from '../payment-row.ts';

/** One request that waits for news of one payment. */
export class PaymentWatch {
  #rung = false;
  #ended = false;
  #wake: (() => void) | undefined;
  #news: PaymentRow | undefined;

  /** @param payment public id */
  constructor(
    readonly payment: string,
    private readonly rereadEveryMs: number,
    private readonly onClose: () => void,
  ) {}

  /** There may be news. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** The payment as this process has just changed it: saves reading it when the wake-up comes. */
  bring(row: PaymentRow): void {
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
  async until(
    first: PaymentRow,
    read: () => Promise<PaymentRow>,
    isEnough: (state: PaymentRow) => boolean,
    waitMs: number,
  ): Promise<PaymentRow> {
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
  #newerThan(state: PaymentRow): PaymentRow | undefined {
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
