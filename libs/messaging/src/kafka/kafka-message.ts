import { type Envelope, envelopeOf, headersOf } from '@tolem/contracts';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import { standInFor } from './unreadable-message.ts';

/** A message as it goes to the broker: CloudEvents in binary mode, JSON in the value. */
export interface OutgoingMessage extends Message {
  readonly key: string;
  readonly value: string;
  readonly headers: Record<string, string>;
}

/** Where a message was found, and under which name our services know that topic. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** A header without a value (a tenant of null) is left out. */
export function toKafkaMessage(envelope: Envelope, more: Readonly<Record<string, string>> = {}): OutgoingMessage {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(headersOf(envelope))) {
    if (value !== null && value !== undefined) headers[name] = String(value);
  }
  return {
    key: envelope.key,
    value: JSON.stringify(envelope.body ?? null),
    headers: { ...headers, ...more },
  };
}

/** Gives the message, or its stand-in for the dead letters where headers or JSON cannot be read; never throws. */
export function fromKafkaMessage(place: Place, message: KafkaMessage): Envelope {
  const key = message.key?.toString('utf8') ?? '';
  const value = message.value?.toString('utf8') ?? '';
  const headers = textsOf(message.headers);
  try {
    return envelopeOf(place.topic, key, envelopeHeadersOf(headers), JSON.parse(value));
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'its body is no JSON' : `its headers are not ours: ${String(error)}`;
    return standInFor({ ...place, offset: message.offset, key, headers, value, time: timeOf(message), reason });
  }
}

/** Our own headers and those of others, as text. */
export function textsOf(headers: IHeaders | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    // A header may be repeated; ours never is, and the last one is what the writer meant.
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) texts[name] = last.toString('utf8');
  }
  return texts;
}

function envelopeHeadersOf({ tenant, schema, ...others }: Record<string, string>): Record<string, unknown> {
  return { ...others, tenant: tenant ?? null, schema: Number(schema) };
}

function timeOf({ timestamp }: KafkaMessage): string {
  const ms = Number(timestamp);
  return new Date(Number.isSafeInteger(ms) && ms >= 0 && ms <= 8.64e15 ? ms : 0).toISOString();
}
