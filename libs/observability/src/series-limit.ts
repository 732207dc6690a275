import { scrubText } from './scrub-text.ts';

/** What the label values of a metric become when it has too many of them. */
export const OTHER = 'other';

const MAX_VALUE_LENGTH = 100;

export type LabelValues = Readonly<Record<string, string>>;

/**
 * Keeps the number of series of one metric bounded: the first `maxSeries` distinct sets of label values are taken as they
 * are (scrubbed and cut to 100 characters), each further one counts as `other`.
 */
export class SeriesLimit {
  readonly #taken = new Map<string, LabelValues>();
  readonly #other: LabelValues;

  constructor(
    private readonly labels: readonly string[],
    private readonly maxSeries: number,
  ) {
    this.#other = Object.fromEntries(labels.map((label) => [label, OTHER]));
  }

  /** The label values to count under, and whether that is their own series. */
  seriesOf(values: LabelValues): { values: LabelValues; own: boolean } {
    const texts = this.labels.map((label) => String(values[label] ?? '').slice(0, MAX_VALUE_LENGTH));
    const key = JSON.stringify(texts);
    const taken = this.#taken.get(key);
    if (taken !== undefined) return { values: taken, own: true };
    if (this.#taken.size >= this.maxSeries) return { values: this.#other, own: false };
    const fresh = Object.fromEntries(this.labels.map((label, at) => [label, scrubText(texts[at] ?? '')]));
    this.#taken.set(key, fresh);
    return { values: fresh, own: true };
  }

  forgetAll(): void {
    this.#taken.clear();
  }
}
