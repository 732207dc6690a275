export type Offered<T> =
  | { taken: true; displaced?: T }
  /** `share`: this share waits for enough already; `queue`: the whole queue is full and no share holds more than this. */
  | { taken: false; full: 'share' | 'queue' };

/**
 * A bounded queue in which several shares wait without pushing each other aside. Shares are served in turn, one item each;
 * within a share the order is that of arrival. When the queue is full, a share that holds less than another one still gets
 * in: the newest item of the longest share makes room. So a share with less than its equal part of the places is never
 * refused, whatever the others do.
 */
export class FairQueue<T> {
  /** The front is served next. Only shares with items are here, so the number of shares is bounded as well. */
  readonly #shares = new Map<string, Set<T>>();
  #size = 0;

  constructor(private readonly limits: { total: number; perShare: number }) {}

  get size(): number {
    return this.#size;
  }

  get shares(): number {
    return this.#shares.size;
  }

  /** Every item may be in the queue once. */
  offer(share: string, item: T): Offered<T> {
    const held = this.#shares.get(share)?.size ?? 0;
    if (held >= this.limits.perShare) return { taken: false, full: 'share' };
    if (this.#size < this.limits.total) {
      this.#add(share, item);
      return { taken: true };
    }
    const [longest, items] = this.#longest();
    const newest = [...items].at(-1);
    // With a difference of one the two shares would only change places.
    if (newest === undefined || items.size <= held + 1) return { taken: false, full: 'queue' };
    this.remove(longest, newest);
    this.#add(share, item);
    return { taken: true, displaced: newest };
  }

  take(): T | undefined {
    const [front] = this.#shares;
    if (front === undefined) return undefined;
    const [share, items] = front;
    const [item] = items;
    if (item === undefined) return undefined;
    this.remove(share, item);
    if (items.size > 0) {
      this.#shares.delete(share);
      this.#shares.set(share, items);
    }
    return item;
  }

  remove(share: string, item: T): void {
    const items = this.#shares.get(share);
    if (items?.delete(item) !== true) return;
    this.#size -= 1;
    if (items.size === 0) this.#shares.delete(share);
  }

  #add(share: string, item: T): void {
    const items = this.#shares.get(share) ?? new Set<T>();
    items.add(item);
    this.#shares.set(share, items);
    this.#size += 1;
  }

  /** Looks at every share, but only when the queue is full. */
  #longest(): [string, Set<T>] {
    let longest: [string, Set<T>] = ['', new Set()];
    for (const entry of this.#shares) if (entry[1].size > longest[1].size) longest = entry;
    return longest;
  }
}
