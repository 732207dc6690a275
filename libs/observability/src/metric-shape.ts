import { isSecretKey } from './secret-keys.ts';

/** What a metric is called and by what it is told apart. */
export interface MetricShape<L extends string = never> {
  /** `tolem_…` with the unit at the end (`_seconds`, `_bytes`); a counter ends in `_total`. */
  name: string;
  /** One sentence for whoever reads the page. */
  help: string;
  labels?: readonly L[];
  /** Distinct sets of label values before further ones count as `other`; 200 when absent. */
  maxSeries?: number;
}

export type MetricKind = 'counter' | 'gauge' | 'histogram';

const MAX_LABELS = 8;
const RESERVED_LABELS = new Set(['le', 'quantile', 'job', 'instance']);

/** TypeError for a name or label that the house does not want on its page; mistakes of ours, found at start. */
export function checkMetricShape(kind: MetricKind, shape: MetricShape<string>): void {
  const { name, help, labels = [] } = shape;
  if (!/^tolem_[a-z][a-z0-9_]{0,90}$/.test(name)) throw new TypeError(`${name} is no name of a metric: tolem_…`);
  if ((kind === 'counter') !== name.endsWith('_total')) {
    throw new TypeError(`${name} is a ${kind}: counters end in _total, and only they do`);
  }
  if (help.trim() === '') throw new TypeError(`${name} has no help`);
  if (labels.length > MAX_LABELS || new Set(labels).size !== labels.length) {
    throw new TypeError(`${name} has more than ${MAX_LABELS} labels or one of them twice`);
  }
  for (const label of labels) {
    if (!/^[a-z][a-z0-9_]{0,40}$/.test(label) || RESERVED_LABELS.has(label)) {
      throw new TypeError(`${name}: ${label} is no name of a label`);
    }
    if (isSecretKey(label)) throw new TypeError(`${name}: values of ${label} must not be shown`);
  }
}
