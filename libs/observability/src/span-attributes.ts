import type { Attributes } from '@opentelemetry/api';
import { redactFields } from './redact.ts';

/** Facts about a span or an event; what is undefined is left out. Units stand last in the names (`amountMinor`). */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Attributes as they may leave the process: redacted like the fields of a log line, texts and plain values only. */
export function redactedAttributes(attributes: SpanAttributes): Attributes {
  const clean: Attributes = {};
  for (const [key, value] of Object.entries(redactFields(attributes))) {
    if (value === undefined || value === null) continue;
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    clean[key] = plain ? value : JSON.stringify(value);
  }
  return clean;
}
