import { TraceFlags } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';

/** Version, trace, span and flags. Version ff is forbidden, ids of zeros are none, later versions may append to the text. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** A text of version 00 has 55 characters, and nobody needs to send us a document. */
const MAX_LENGTH = 100;

/** The span that a W3C traceparent text names, or undefined when the text is none (W3C Trace Context §3.2). */
export function spanContextOf(traceparent: string | undefined): SpanContext | undefined {
  if (traceparent === undefined || traceparent.length > MAX_LENGTH) return undefined;
  const [, version, traceId, spanId, flags = '', appended] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || (version === '00' && appended !== undefined)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
}

/** The traceparent text of a span. Of the flags only `sampled` is ours to pass on. */
export function traceparentText({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01'}`;
}
