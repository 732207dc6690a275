import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { redact } from './redact.ts';
import { scrubText } from './scrub-text.ts';
import { redactedAttributes } from './span-attributes.ts';
import type { SpanAttributes } from './span-attributes.ts';
import { spanContextOf, traceparentText } from './traceparent.ts';

export interface SpanOptions {
  /** `server` takes a request from outside, `consumer` a message; `client` and `producer` are their other ends. */
  kind?: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  /**
   * The W3C traceparent text that came with the request or the message. It outranks the span that surrounds the call; one
   * that is no traceparent is ignored.
   */
  parent?: string | undefined;
  attributes?: SpanAttributes;
}

/** The span of the work that runs now. Whatever is told it is redacted; told after the work's end, it is dropped. */
export interface ActiveSpan {
  set(attributes: SpanAttributes): void;
  event(name: string, attributes?: SpanAttributes): void;
  /** The work did not do what it was for, though it throws nothing: a refusal, an answer that did not come. */
  failed(reason: string): void;
}

/** The name under which our spans stand in a trace beside those of libraries. */
const SCOPE = 'tolem';
const MAX_NAME_LENGTH = 200;

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

const UNRECORDED: ActiveSpan = { set: () => undefined, event: () => undefined, failed: () => undefined };

/**
 * Runs `work` as one span of a trace and gives what it gives. The span ends with the work, also when that throws; the
 * error is recorded, redacted, and thrown on as it is. Name spans by what they do, not by whom they do it for
 * (`payments.create`, `POST /v1/payments`): names are few, ids are attributes. Without startTracing only the work runs.
 */
export async function inSpan<T>(
  name: string,
  options: SpanOptions,
  work: (span: ActiveSpan) => Promise<T> | T,
): Promise<T> {
  const parent = parentOf(options.parent);
  // The name is set afterwards: a span that is not recorded should not cost a search for secrets.
  const span = trace.getTracer(SCOPE).startSpan(SCOPE, { kind: KINDS[options.kind ?? 'internal'] }, parent);
  const recording = span.isRecording();
  if (recording) {
    span.updateName(scrubText(name).slice(0, MAX_NAME_LENGTH));
    if (options.attributes !== undefined) span.setAttributes(redactedAttributes(options.attributes));
  }
  try {
    return await context.with(trace.setSpan(parent, span), work, undefined, recording ? recorded(span) : UNRECORDED);
  } catch (error) {
    if (recording) recordError(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/**
 * The W3C traceparent of the span that runs now, to be put into requests and messages; undefined outside of spans and
 * without tracing: then the text that came with the request is what to pass on.
 */
export function currentTraceparent(): string | undefined {
  const current = trace.getActiveSpan()?.spanContext();
  return current === undefined || !trace.isSpanContextValid(current) ? undefined : traceparentText(current);
}

/** The trace that the running span belongs to: 32 hexadecimal digits, as log lines carry it. */
export function currentTraceId(): string | undefined {
  const current = trace.getActiveSpan()?.spanContext();
  return current === undefined || !trace.isSpanContextValid(current) ? undefined : current.traceId;
}

function parentOf(traceparent: string | undefined): Context {
  const parent = spanContextOf(traceparent);
  return parent === undefined ? context.active() : trace.setSpanContext(context.active(), parent);
}

function recorded(span: Span): ActiveSpan {
  return {
    set: (attributes) => {
      if (span.isRecording()) span.setAttributes(redactedAttributes(attributes));
    },
    event: (name, attributes = {}) => {
      if (span.isRecording()) span.addEvent(scrubText(name).slice(0, MAX_NAME_LENGTH), redactedAttributes(attributes));
    },
    failed: (reason) => {
      if (span.isRecording()) span.setStatus({ code: SpanStatusCode.ERROR, message: scrubText(reason) });
    },
  };
}

/** As OpenTelemetry's own recordException would (semantic conventions, exceptions), but redacted first. */
function recordError(span: Span, thrown: unknown): void {
  const described = redact(thrown);
  const error = typeof described === 'object' && described !== null ? { ...described } : { message: String(described) };
  const field = (name: string): string | undefined => textOf(Reflect.get(error, name));
  const type = field('code') ?? field('type') ?? 'error';
  const message = field('message') ?? '';
  const exception: Attributes = { 'exception.type': field('type') ?? type, 'exception.message': message };
  const stack = field('stack');
  if (stack !== undefined) exception['exception.stacktrace'] = stack;
  const cause: unknown = Reflect.get(error, 'cause');
  if (cause !== undefined) exception['exception.cause'] = JSON.stringify(cause);
  span.addEvent('exception', exception);
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : undefined;
}
