import type { Metrics } from '@tolem/observability';
import type { EventReaders } from '../events/event-readers.ts';
import type { DeliverWebhooks } from './deliver-webhooks.ts';
import type { DeliveryStore } from './delivery-store.ts';

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];

/** What operators look at about events and their delivery. */
export function watchWebhooks(
  metrics: Metrics,
  readers: EventReaders,
  deliver: DeliverWebhooks,
  store: DeliveryStore,
): void {
  metrics.gauge({
    name: 'tolem_event_waiters',
    help: 'Requests that wait for events.',
    collect: (gauge) => gauge.set(readers.count),
  });
  const attempts = metrics.counter<'outcome'>({
    name: 'tolem_webhook_attempts_total',
    help: 'Attempts to deliver an event: delivered, retry, failed for good, gone (the endpoint answered 410), released (given back).',
    labels: ['outcome'],
  });
  const seconds = metrics.histogram<'outcome'>({
    name: 'tolem_webhook_attempt_seconds',
    help: 'How long attempts to deliver an event took.',
    labels: ['outcome'],
    buckets: SECONDS,
  });
  deliver.onOutcome((outcome, ms) => {
    attempts.inc({ outcome });
    seconds.observe(ms / 1_000, { outcome });
  });
  const oldest = metrics.gauge({
    name: 'tolem_webhook_oldest_seconds',
    help: 'How long the oldest event that is not delivered yet has waited.',
  });
  metrics.collector('webhook deliveries', [oldest], async () => {
    oldest.set((await store.oldestPendingMs()) / 1_000);
  });
}
