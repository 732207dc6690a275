import { commandsTopic, EVENTS_TOPIC, parkedTopic } from '@tolem/contracts';

export { parkedTopic };

export interface KafkaTopic {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
  readonly replicationFactor: number;
  /** How many replicas must hold a message before it counts as sent; default: what the broker says. */
  readonly minInSyncReplicas?: number;
}

export type TopicSettings = Omit<KafkaTopic, 'name'>;

/** Every topic of an installation with these providers and these consumers. */
export function topicsOf(
  who: { readonly providers: readonly string[]; readonly consumers: readonly string[] },
  settings: TopicSettings,
): readonly KafkaTopic[] {
  return [
    { ...settings, name: EVENTS_TOPIC },
    ...who.providers.map((provider) => ({ ...settings, name: commandsTopic(provider) })),
    ...who.consumers.map((consumer) => ({ ...settings, name: parkedTopic(consumer) })),
  ];
}
