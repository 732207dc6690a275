import { commandsTopic, EVENTS_TOPIC, PROVIDERS } from '@tolem/contracts';

/** The consumer that hears what providers tell. */
const GATEWAY = 'gateway';

/** Every consumer of an installation; in Kafka the names of the groups. */
export const CONSUMERS: readonly string[] = [GATEWAY, ...PROVIDERS.map(({ name }) => name)];

/** Topic → its consumers, for an installation with these providers. */
export function busTopology(providers: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return {
    [EVENTS_TOPIC]: [GATEWAY],
    ...Object.fromEntries(providers.map((name) => [commandsTopic(name), [name]])),
  };
}
