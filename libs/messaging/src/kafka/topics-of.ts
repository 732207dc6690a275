import { commandsTopic, EVENTS_TOPIC } from '@tolem/contracts';

/** Answers to questions; whoever asked has given up long before they go. */
const ANSWERS_TOPIC = 'answers';
const ANSWERS_RETENTION_MS = 600_000;

export interface KafkaTopic {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
  readonly replicationFactor: number;
  /** How many replicas must hold a message before it counts as sent; default: what the broker says. */
  readonly minInSyncReplicas?: number;
}

export type TopicSettings = Omit<KafkaTopic, 'name'>;

/** Messages of types that a consumer does not know yet, and dead letters that were given back to it alone. */
export function parkedTopic(consumer: string): string {
  return `parked.${consumer}`;
}

/** Every topic of an installation with these providers and these consumers. */
export function topicsOf(
  who: { readonly providers: readonly string[]; readonly consumers: readonly string[] },
  settings: TopicSettings,
): readonly KafkaTopic[] {
  return [
    { ...settings, name: EVENTS_TOPIC },
    { ...settings, name: ANSWERS_TOPIC, retentionMs: ANSWERS_RETENTION_MS },
    ...who.providers.map((provider) => ({ ...settings, name: commandsTopic(provider) })),
    ...who.consumers.map((consumer) => ({ ...settings, name: parkedTopic(consumer) })),
  ];
}
