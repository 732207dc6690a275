import { commandsTopic, EVENTS_CONSUMER, EVENTS_TOPIC, PROVIDERS } from '@tolem/contracts';

/** Every consumer of an installation; in Kafka the names of the groups. */
export const CONSUMERS: readonly string[] = [EVENTS_CONSUMER, ...PROVIDERS.map(({ name }) => name)];

/** Topic → its consumers, for an installation with these providers. */
export function busTopology(providers: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return {
    [EVENTS_TOPIC]: [EVENTS_CONSUMER],
    ...Object.fromEntries(providers.map((name) => [commandsTopic(name), [name]])),
  };
}
