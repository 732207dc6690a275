import type { Bus } from '@tolem/messaging';
import type { Metrics } from '@tolem/observability';

/** What waits, runs, is parked or was given up on the bus of this process, by consumer. */
export function watchBus(metrics: Metrics, bus: Bus): void {
  metrics.gauge<'consumer' | 'state'>({
    name: 'tolem_bus_messages',
    help: 'Messages on the bus of this process: queued, running, parked (a type that nobody here knows yet), dead_lettered since its start.',
    labels: ['consumer', 'state'],
    collect: (gauge) => {
      for (const [consumer, stats] of Object.entries(bus.stats())) {
        gauge.set(stats.queued, { consumer, state: 'queued' });
        gauge.set(stats.running, { consumer, state: 'running' });
        gauge.set(stats.parked, { consumer, state: 'parked' });
        gauge.set(stats.deadLettered, { consumer, state: 'dead_lettered' });
      }
    },
  });
  metrics.gauge<'consumer'>({
    name: 'tolem_bus_lag',
    help: 'Messages that the brokers hold and this process has not handled yet, of the partitions that are its own: the sum over all replicas is how far a consumer is behind.',
    labels: ['consumer'],
    collect: (gauge) => {
      for (const [consumer, { lag }] of Object.entries(bus.stats())) {
        if (lag !== undefined) gauge.set(lag, { consumer });
      }
    },
  });
}
