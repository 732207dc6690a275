import type { Envelope } from '@tolem/contracts';

/** Type of the stand-in for a message that cannot be read; no service handles it, the dispatcher makes it a dead letter. */
const UNREADABLE_TYPE = 'bus.unreadable';

const MAX_SHOWN = 65_536;

/** What was found where a message should have been. */
export interface Unreadable {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly reason: string;
}

/** A message in the place of one that cannot be read, so that a person finds what came among the dead letters. */
export function standInFor({ topic, partition, offset, key, headers, value, time, reason }: Unreadable): Envelope {
  return {
    id: `${topic}-${partition}-${offset}`.slice(-100),
    type: UNREADABLE_TYPE,
    source: 'kafka',
    subject: `${topic}/${partition}/${offset}`.slice(-200),
    time,
    tenant: null,
    mode: 'live',
    schema: 1,
    topic,
    key,
    body: { reason, headers, value: value.slice(0, MAX_SHOWN) },
  };
}

/** Why a message could not be read; undefined for every other message. */
export function whyUnreadable({ type, body }: Envelope): string | undefined {
  if (type !== UNREADABLE_TYPE) return undefined;
  return typeof body === 'object' && body !== null && 'reason' in body ? String(body.reason) : 'unreadable';
}
