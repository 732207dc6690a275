/** Claims that find no slot have cost three calls for nothing, so that a few too few are better than a few too many. */
const FEWEST = 16;
const MORE = 16;

/**
 * How many entries a look may take. Slots are counted elsewhere and for the whole installation, so this is found by trial:
 * as many fewer as found no slot, and slowly more again.
 */
export class ClaimSize {
  #size: number;
  #withoutSlot = 0;

  constructor(private readonly most: number) {
    this.#size = most;
  }

  /** One that was taken found no slot. */
  noSlot(): void {
    this.#withoutSlot += 1;
  }

  /** Of the look that comes now. */
  next(): number {
    const least = Math.min(FEWEST, this.most);
    this.#size = this.#withoutSlot > 0 ? Math.max(least, this.#size - this.#withoutSlot) : this.#size + MORE;
    this.#size = Math.min(this.#size, this.most);
    this.#withoutSlot = 0;
    return this.#size;
  }
}
