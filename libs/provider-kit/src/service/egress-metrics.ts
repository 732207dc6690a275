import type { Egress } from '@tolem/egress';
import type { Metrics } from '@tolem/observability';

const BREAKER = { closed: 0, half_open: 1, open: 2 } as const;

/** The way out to a provider: connections, who waits for one, breakers, and what became of requests. */
export function watchEgress(metrics: Metrics, provider: string, egress: Pick<Egress, 'stats'>): void {
  const connections = metrics.gauge<'provider' | 'address' | 'credential' | 'state'>({
    name: 'tolem_egress_connections',
    help: 'Connections to a provider (open, running among them) and requests that wait for one.',
    labels: ['provider', 'address', 'credential', 'state'],
  });
  const breakers = metrics.gauge<'provider' | 'address' | 'credential'>({
    name: 'tolem_egress_breaker',
    help: 'State of the breaker: 0 closed, 1 half open, 2 open.',
    labels: ['provider', 'address', 'credential'],
  });
  const outcomes = metrics.gauge<'provider' | 'outcome' | 'reason'>({
    name: 'tolem_egress_outcomes',
    help: 'Requests since the start of the process, by what became of them.',
    labels: ['provider', 'outcome', 'reason'],
  });
  metrics.collector(`egress of ${provider}`, [connections, breakers, outcomes], () => {
    const stats = egress.stats();
    for (const { place, connections: open, running, waiting, breaker } of stats.pools) {
      const at = { provider, address: place.address, credential: place.credentialId ?? 'none' };
      connections.set(open, { ...at, state: 'open' });
      connections.set(running, { ...at, state: 'running' });
      connections.set(waiting, { ...at, state: 'waiting' });
      breakers.set(BREAKER[breaker], at);
    }
    outcomes.set(stats.answered, { provider, outcome: 'answered', reason: '' });
    for (const [reason, count] of Object.entries(stats.notSent)) {
      outcomes.set(count, { provider, outcome: 'not_sent', reason });
    }
    for (const [reason, count] of Object.entries(stats.sentWithoutAnswer)) {
      outcomes.set(count, { provider, outcome: 'sent_without_answer', reason });
    }
  });
}
