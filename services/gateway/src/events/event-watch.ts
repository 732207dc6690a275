/** One request that waits for events: woken by news, by the end of its time, or because waiting has no sense any more. */
export class EventWatch {
  #rung = false;
  #over = false;
  #wake: (() => void) | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(
    waitMs: number,
    private readonly rereadEveryMs: number,
  ) {
    this.#timer = setTimeout(() => this.end(), waitMs);
  }

  /** There may be news. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** The time is over, the process closes, or the client is gone. */
  end(): void {
    this.#over = true;
    this.#wake?.();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  /**
   * Looks until the answer is enough or the time is over. Looks after every ring, now and then without one, and once more
   * at the end: a ring is only a hint and may be lost.
   */
  async until<T>(look: () => Promise<T>, isEnough: (seen: T) => boolean): Promise<T> {
    let seen = await look();
    while (!isEnough(seen) && !this.#over) {
      await this.#ringOrTime();
      this.#rung = false;
      seen = await look();
    }
    return seen;
  }

  async #ringOrTime(): Promise<void> {
    if (this.#rung || this.#over) return;
    const timer = setTimeout(() => this.#wake?.(), this.rereadEveryMs);
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    clearTimeout(timer);
  }
}
