import type { Metrics } from '@tolem/observability';
import type { Outbox } from '@tolem/persistence';
import type { OpenWork } from './attention/open-work.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Counts an answered request: its route, its status and how long it took in milliseconds. */
export type RequestCounted = (method: string, route: string, status: number, ms: number) => void;

/** The histogram of requests. A request that waits for news (`?wait=`) counts with its wait. */
export function requestMetric(metrics: Metrics): RequestCounted {
  const requests = metrics.histogram<'method' | 'route' | 'status'>({
    name: 'tolem_http_request_seconds',
    help: 'How long requests to the public API took, their wait for news included.',
    labels: ['method', 'route', 'status'],
    buckets: SECONDS,
    maxSeries: 1_000,
  });
  return (method, route, status, ms) => requests.observe(ms / 1_000, { method, route, status: String(status) });
}

/** What operators look at, read from the database when the page is asked for. */
export function watchGateway(metrics: Metrics, openWork: OpenWork, outbox: Outbox, waiters: () => number): void {
  const payments = metrics.gauge<'status'>({
    name: 'tolem_payments_open',
    help: 'Payments that have not ended, by status.',
    labels: ['status'],
  });
  const paymentAge = metrics.gauge<'status'>({
    name: 'tolem_payment_oldest_seconds',
    help: 'Age of the oldest payment that has not ended, by status.',
    labels: ['status'],
  });
  metrics.collector('open payments', [payments, paymentAge], async () => {
    for (const { status, count, oldest_age_s: age } of await openWork.openPayments()) {
      payments.set(count, { status });
      paymentAge.set(age, { status });
    }
  });
  const refunds = metrics.gauge<'status'>({
    name: 'tolem_refunds_open',
    help: 'Refunds that have not ended, by status.',
    labels: ['status'],
  });
  const refundAge = metrics.gauge<'status'>({
    name: 'tolem_refund_oldest_seconds',
    help: 'Age of the oldest refund that has not ended, by status.',
    labels: ['status'],
  });
  metrics.collector('open refunds', [refunds, refundAge], async () => {
    for (const { status, count, oldest_age_s: age } of await openWork.openRefunds()) {
      refunds.set(count, { status });
      refundAge.set(age, { status });
    }
  });
  const attention = metrics.gauge<'kind'>({
    name: 'tolem_attention_open',
    help: 'What a person must look at, by kind.',
    labels: ['kind'],
  });
  const attentionAge = metrics.gauge<'kind'>({
    name: 'tolem_attention_oldest_seconds',
    help: 'How long the oldest of them has waited for a person, by kind.',
    labels: ['kind'],
  });
  metrics.collector('attention', [attention, attentionAge], async () => {
    for (const { kind, open, oldest_age_s: age } of await openWork.attentionCounts()) {
      attention.set(open, { kind });
      attentionAge.set(age, { kind });
    }
  });
  const waiting = metrics.gauge<'service'>({
    name: 'tolem_outbox_oldest_seconds',
    help: 'How long the oldest message has waited to leave.',
    labels: ['service'],
  });
  metrics.collector('outbox of gateway', [waiting], async () => {
    waiting.set((await outbox.oldestAgeMs()) / 1_000, { service: 'gateway' });
  });
  metrics.gauge({
    name: 'tolem_waiters',
    help: 'Requests that wait for news of a payment or a refund.',
    collect: (gauge) => gauge.set(waiters()),
  });
}
