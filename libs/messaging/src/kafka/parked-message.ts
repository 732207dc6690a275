import type { Envelope } from '@tolem/contracts';
import type { KafkaMessage } from 'kafkajs';
import { fromKafkaMessage, type OutgoingMessage, type Place, textsOf, toKafkaMessage } from './kafka-message.ts';

/**
 * A message of a type that its consumer does not know yet lies in a topic of that consumer. Each try that comes to nothing
 * writes it anew at the end of that topic, so that it never grows old and never stands in the way of its neighbours.
 */
export interface Parked {
  readonly envelope: Envelope;
  /** How often it was tried by the one who parked it last. */
  readonly tries: number;
  /** Epoch milliseconds; 0 where nobody has tried it yet. */
  readonly atMs: number;
  /** Who parked it: another release may know its type, and tries at once. */
  readonly by: string;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

export function toParkedMessage({ envelope, tries, atMs, by }: Parked): OutgoingMessage {
  return toKafkaMessage(envelope, {
    parked_topic: envelope.topic,
    parked_tries: String(tries),
    parked_at: String(atMs),
    parked_by: by,
  });
}

export function fromParkedMessage(place: Place, message: KafkaMessage): Parked {
  const { parked_topic, parked_tries, parked_at, parked_by } = textsOf(message.headers);
  return {
    envelope: fromKafkaMessage({ ...place, topic: parked_topic ?? place.topic }, message),
    tries: countOf(parked_tries),
    atMs: countOf(parked_at),
    by: parked_by ?? '',
  };
}

/** When it is to be tried again, in epoch milliseconds: after 1 s, then twice as long each time, up to five minutes. */
export function dueAtMs({ tries, atMs, by }: Parked, me: string): number {
  if (by !== me || tries === 0) return 0;
  return atMs + Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
}

function countOf(text: string | undefined): number {
  const count = Number(text);
  return Number.isSafeInteger(count) && count >= 0 ? count : 0;
}
