/** A version that waits to be tried. */
interface Waiting {
  readonly id: string;
  readonly version: number;
}

export interface Turn<W extends Waiting> {
  readonly waiting: W;
  /** Since it was tried first; 0 the first time. */
  readonly triedForMs: number;
}

/**
 * Whose turn it is among the versions that wait, where more wait than are tried at once: those that were never tried,
 * then those whose last try is the longest ago. Bounded by what still waits.
 */
export class TrialTurns {
  readonly #tried = new Map<string, { readonly first: number; readonly last: number }>();

  constructor(private readonly mostAtOnce: number) {}

  /** @param now of a monotonic clock, milliseconds */
  next<W extends Waiting>(waiting: readonly W[], now: number): readonly Turn<W>[] {
    const keys = new Set(waiting.map(keyOf));
    for (const key of this.#tried.keys()) if (!keys.has(key)) this.#tried.delete(key);
    const lastOf = (one: W): number => this.#tried.get(keyOf(one))?.last ?? -Infinity;
    const turns = waiting.toSorted((a, b) => order(lastOf(a), lastOf(b))).slice(0, this.mostAtOnce);
    return turns.map((one) => {
      const first = this.#tried.get(keyOf(one))?.first ?? now;
      this.#tried.set(keyOf(one), { first, last: now });
      return { waiting: one, triedForMs: now - first };
    });
  }
}

/** Two that were never tried are equal, which their difference would not say. */
function order(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

function keyOf({ id, version }: Waiting): string {
  return `${id}.${version}`;
}
