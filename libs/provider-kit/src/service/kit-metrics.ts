import type { Metrics } from '@tolem/observability';
import type { Database, Outbox } from '@tolem/persistence';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

interface Unfinished {
  readonly kind: string;
  readonly state: string;
  readonly count: number;
  readonly oldest_s: number;
}

interface Looked {
  readonly phase: string;
  readonly count: number;
  readonly oldest_s: number;
}

/** What operators of a provider service look at. */
export class KitMetrics {
  readonly #calls;
  readonly #lateness;
  readonly #neverVerified;

  constructor(
    metrics: Metrics,
    private readonly provider: string,
  ) {
    this.#calls = metrics.histogram<'provider' | 'call' | 'outcome'>({
      name: 'tolem_provider_call_seconds',
      help: 'How long calls to a provider took, by what came of them.',
      labels: ['provider', 'call', 'outcome'],
      buckets: SECONDS,
    });
    this.#lateness = metrics.histogram<'provider'>({
      name: 'tolem_poll_lateness_seconds',
      help: 'How late questions about payments were asked, against their plan.',
      labels: ['provider'],
      buckets: SECONDS,
    });
    this.#neverVerified = metrics.counter<'provider'>({
      name: 'tolem_payments_never_verified_total',
      help: "Paid payments whose amount nobody has compared with the provider's books, because they could not be read.",
      labels: ['provider'],
    });
    // Visible before the first one, so that an alarm sees it rise.
    this.#neverVerified.add(0, { provider });
  }

  called(call: string, outcome: string, ms: number): void {
    this.#calls.observe(ms / 1_000, { provider: this.provider, call, outcome });
  }

  pollLate(ms: number): void {
    this.#lateness.observe(Math.max(0, ms) / 1_000, { provider: this.provider });
  }

  /** What was really paid could not be asked, often enough to give it up. */
  neverVerified(): void {
    this.#neverVerified.inc({ provider: this.provider });
  }

  /** What is read from the database when the page is asked for. */
  watch(metrics: Metrics, db: Database, outbox: Outbox): void {
    const provider = this.provider;
    const operations = metrics.gauge<'provider' | 'kind' | 'state'>({
      name: 'tolem_operations',
      help: 'Operations that are not finished, by state.',
      labels: ['provider', 'kind', 'state'],
    });
    const operationAge = metrics.gauge<'provider' | 'kind' | 'state'>({
      name: 'tolem_operation_oldest_seconds',
      help: 'Age of the oldest operation that is not finished, by state.',
      labels: ['provider', 'kind', 'state'],
    });
    const subjects = metrics.gauge<'provider' | 'phase'>({
      name: 'tolem_subjects',
      help: 'Payments, refunds and connections that somebody still asks about, by phase.',
      labels: ['provider', 'phase'],
    });
    const subjectAge = metrics.gauge<'provider' | 'phase'>({
      name: 'tolem_subject_oldest_seconds',
      help: 'Age of the oldest one that somebody still asks about, by phase.',
      labels: ['provider', 'phase'],
    });
    metrics.collector(`operations of ${provider}`, [operations, operationAge], async () => {
      const rows = await db.query<Unfinished>(
        `SELECT kind, state, count(*) AS count, extract(epoch FROM now() - min(created_at))::float8 AS oldest_s
           FROM operation WHERE state IN ('accepted', 'sent', 'unknown') GROUP BY kind, state`,
      );
      for (const { kind, state, count, oldest_s: age } of rows) {
        operations.set(count, { provider, kind, state });
        operationAge.set(age, { provider, kind, state });
      }
    });
    metrics.collector(`subjects of ${provider}`, [subjects, subjectAge], async () => {
      const rows = await db.query<Looked>(
        `SELECT phase, count(*) AS count, extract(epoch FROM now() - min(created_at))::float8 AS oldest_s
           FROM subject WHERE look_at IS NOT NULL GROUP BY phase`,
      );
      for (const { phase, count, oldest_s: age } of rows) {
        subjects.set(count, { provider, phase });
        subjectAge.set(age, { provider, phase });
      }
    });
    const waiting = metrics.gauge<'service'>({
      name: 'tolem_outbox_oldest_seconds',
      help: 'How long the oldest message has waited to leave.',
      labels: ['service'],
    });
    metrics.collector(`outbox of ${provider}`, [waiting], async () => {
      waiting.set((await outbox.oldestAgeMs()) / 1_000, { service: provider });
    });
  }
}
