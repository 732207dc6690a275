/**
 * Keeps account of one partition: which messages were handed out and are not settled yet. Messages settle in any order;
 * what may be committed is the place before the first that has not.
 */
export class SettledOffsets {
  readonly #open = new Set<number>();
  #next: number;
  #committed: number;

  /** `first` is the offset that reading begins with: everything before it was settled by somebody. */
  constructor(first: number) {
    this.#next = first;
    this.#committed = first;
  }

  /** A message goes out to its handler, for the first time or once more after a rebalance. */
  take(offset: number): void {
    this.#open.add(offset);
    this.#next = Math.max(this.#next, offset + 1);
  }

  settle(offset: number): void {
    this.#open.delete(offset);
  }

  /** Everything before this offset is settled. */
  get position(): number {
    let first = this.#next;
    for (const offset of this.#open) if (offset < first) first = offset;
    return first;
  }

  /** The broker's own account, as far as we know it. */
  get committed(): number {
    return this.#committed;
  }

  /** The broker has written this position down. */
  commit(position: number): void {
    this.#committed = position;
  }
}
