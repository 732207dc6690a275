/** Facts of all providers, keyed by subject. */
export const EVENTS_TOPIC = 'events';

/** The consumer of the events. */
export const EVENTS_CONSUMER = 'gateway';

/** What topics are made with where nothing else is configured. */
export const TOPIC_DEFAULTS = { partitions: 12, replicationFactor: 3, retentionMs: 72 * 3_600_000 } as const;

/** Commands for one provider, keyed by lane. */
export function commandsTopic(provider: string): string {
  return `commands.${provider}`;
}

/** Messages of types that a consumer does not know yet, and dead letters that were given back to it alone. */
export function parkedTopic(consumer: string): string {
  return `parked.${consumer}`;
}
