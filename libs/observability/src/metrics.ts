import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Collectors } from './collectors.ts';
import type { Collected } from './collectors.ts';
import { checkMetricShape } from './metric-shape.ts';
import type { MetricKind, MetricShape } from './metric-shape.ts';
import { SeriesLimit } from './series-limit.ts';
import type { LabelValues } from './series-limit.ts';

/** Nothing for a metric without labels, else one value for each of them. */
export type LabelArguments<L extends string> = [L] extends [never] ? [] : [labels: Readonly<Record<L, string>>];

export interface CounterMetric<L extends string = never> {
  readonly name: string;
  inc(...labels: LabelArguments<L>): void;
  /** `value` ≥ 0; 0 makes the series visible before anything was counted. */
  add(value: number, ...labels: LabelArguments<L>): void;
}

export interface GaugeMetric<L extends string = never> {
  readonly name: string;
  set(value: number, ...labels: LabelArguments<L>): void;
  add(delta: number, ...labels: LabelArguments<L>): void;
  /** Forgets every series; one without labels goes back to 0. */
  clear(): void;
}

export interface HistogramMetric<L extends string = never> {
  readonly name: string;
  observe(value: number, ...labels: LabelArguments<L>): void;
}

export interface GaugeShape<L extends string> extends MetricShape<L> {
  /** Sets the gauge when the page is asked for; it is emptied before. See Metrics.collector. */
  collect?: (gauge: GaugeMetric<L>) => Promise<void> | void;
  /** How long `collect` may take; 2 s when absent. */
  collectTimeoutMs?: number;
}

export interface HistogramShape<L extends string> extends MetricShape<L> {
  /** Upper bounds, ascending, in the unit of the name. */
  buckets: readonly number[];
}

interface Known {
  /** Kind, labels and buckets. */
  traits: string;
  metric: object;
}

const MAX_METRICS = 500;
const MAX_BUCKETS = 40;
const DEFAULT_MAX_SERIES = 200;
const DEFAULT_COLLECT_TIMEOUT_MS = 2_000;

/**
 * The metrics of one process as a Prometheus page (text format 0.0.4), with a registry of its own. To count never throws
 * and never grows without bound: what cannot be counted is counted in `tolem_metrics_refused_total`. A name asked for a
 * second time with the same kind and labels gives the metric that is there, so that services of one process may share it.
 */
export class Metrics {
  readonly contentType: string = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #registry = new Registry();
  readonly #known = new Map<string, Known>();
  readonly #collectors = new Collectors();
  readonly #refused: Counter<'metric' | 'reason'>;
  #collectedGauges = 0;
  #page: Promise<string> | undefined;

  constructor() {
    this.#refused = new Counter({
      name: 'tolem_metrics_refused_total',
      help: 'What did not get into the metrics: values that are none, sets of labels beyond the limit, failed collectors.',
      labelNames: ['metric', 'reason'],
      registers: [this.#registry],
    });
  }

  counter<L extends string = never>(shape: MetricShape<L>): CounterMetric<L> {
    return this.#once('counter', shape, (settings, labelsFor) => {
      const counter = new Counter(settings);
      const add = (value: number, ...labels: LabelArguments<L>): void => {
        if (this.#counts(shape.name, value, 0)) counter.inc(labelsFor(labels), value);
      };
      return { name: shape.name, add, inc: (...labels) => add(1, ...labels) };
    });
  }

  gauge<L extends string = never>(shape: GaugeShape<L>): GaugeMetric<L> {
    const gauge = this.#once<L, GaugeMetric<L>>('gauge', shape, (settings, labelsFor, limit) => {
      const target = new Gauge(settings);
      return {
        name: shape.name,
        set: (value, ...labels) => {
          if (this.#counts(shape.name, value)) target.set(labelsFor(labels), value);
        },
        add: (delta, ...labels) => {
          if (this.#counts(shape.name, delta)) target.inc(labelsFor(labels), delta);
        },
        clear: () => {
          target.reset();
          limit.forgetAll();
        },
      };
    });
    const { collect } = shape;
    if (collect !== undefined) {
      this.#collectedGauges += 1;
      this.#collectors.add({
        name: `${shape.name} #${this.#collectedGauges}`,
        fills: [gauge],
        run: () => collect(gauge),
        timeoutMs: shape.collectTimeoutMs ?? DEFAULT_COLLECT_TIMEOUT_MS,
      });
    }
    return gauge;
  }

  histogram<L extends string = never>(shape: HistogramShape<L>): HistogramMetric<L> {
    const { buckets } = shape;
    const ascending = buckets.every((bound, at) => Number.isFinite(bound) && bound > (buckets[at - 1] ?? -Infinity));
    if (!ascending || buckets.length === 0 || buckets.length > MAX_BUCKETS) {
      throw new TypeError(`${shape.name}: 1 to ${MAX_BUCKETS} ascending buckets are needed`);
    }
    return this.#once('histogram', shape, (settings, labelsFor) => {
      const histogram = new Histogram({ ...settings, buckets: [...buckets] });
      return {
        name: shape.name,
        observe: (value, ...labels) => {
          if (this.#counts(shape.name, value)) histogram.observe(labelsFor(labels), value);
        },
      };
    });
  }

  /**
   * Looks up what several gauges show with one question, when the page is asked for. `fills` are emptied before `run`, and
   * left out of the page when it fails or takes longer than `timeoutMs` (2 s when absent): old values would pass for
   * present ones. TypeError for a name that is taken.
   */
  collector(
    name: string,
    fills: readonly Collected[],
    run: () => Promise<void> | void,
    timeoutMs: number = DEFAULT_COLLECT_TIMEOUT_MS,
  ): void {
    this.#collectors.add({ name, fills, run, timeoutMs });
  }

  /** The page. Pages asked for at the same time are one; what fails is missing on it and counted. Never rejects. */
  text(): Promise<string> {
    this.#page ??= this.#write().finally(() => (this.#page = undefined));
    return this.#page;
  }

  async #write(): Promise<string> {
    const failed = await this.#collectors.run();
    const missing = new Set(failed.flatMap((collector) => collector.fills.map((metric) => metric.name)));
    for (const { name, fills } of failed) this.#refuse(fills[0]?.name ?? name, 'collect');
    const names = [...this.#known.keys()].filter((name) => !missing.has(name));
    const parts = [...names, 'tolem_metrics_refused_total'].map((name) => this.#registry.getSingleMetricAsString(name));
    return `${(await Promise.all(parts)).join('\n\n')}\n`;
  }

  #once<L extends string, M extends object>(
    kind: MetricKind,
    shape: MetricShape<L>,
    create: (settings: PromSettings, labelsFor: (args: readonly LabelValues[]) => LabelValues, limit: SeriesLimit) => M,
  ): M {
    checkMetricShape(kind, shape);
    const { name, help, labels = [] } = shape;
    const traits = JSON.stringify([kind, labels, 'buckets' in shape ? shape.buckets : null]);
    const known = this.#known.get(name);
    if (known !== undefined) {
      if (known.traits !== traits) throw new TypeError(`${name} is another metric already`);
      return known.metric as M;
    }
    if (this.#known.size >= MAX_METRICS) throw new RangeError(`more than ${MAX_METRICS} metrics`);
    const limit = new SeriesLimit(labels, shape.maxSeries ?? DEFAULT_MAX_SERIES);
    const labelsFor = ([values = {}]: readonly LabelValues[]): LabelValues => {
      const series = limit.seriesOf(values);
      if (!series.own) this.#refuse(name, 'labels');
      return series.values;
    };
    const metric = create({ name, help, labelNames: [...labels], registers: [this.#registry] }, labelsFor, limit);
    this.#known.set(name, { traits, metric });
    return metric;
  }

  #counts(name: string, value: number, least = -Infinity): boolean {
    if (Number.isFinite(value) && value >= least) return true;
    this.#refuse(name, 'value');
    return false;
  }

  #refuse(metric: string, reason: 'labels' | 'value' | 'collect'): void {
    this.#refused.inc({ metric, reason });
  }
}

interface PromSettings {
  name: string;
  help: string;
  labelNames: string[];
  registers: Registry[];
}
