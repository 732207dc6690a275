import { TraceFlags } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';

/** A text of version 00 has 55 characters; later versions may append to it, but nobody needs to send us a document. */
const MAX_LENGTH = 100;

/** The span that a W3C traceparent text names, or undefined when the text is none (W3C Trace Context §3.2). */
export function spanContextOf(traceparent: string | undefined): SpanContext | undefined {
  if (traceparent === undefined || traceparent.length > MAX_LENGTH) return undefined;
  const parsed = parseTraceParent(traceparent);
  return parsed === null ? undefined : { ...parsed, isRemote: true };
}

/** The traceparent text of a span. Of the flags only `sampled` is ours to pass on. */
export function traceparentText({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01'}`;
}
