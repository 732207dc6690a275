import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { startTracing } from '../src/tracing.ts';
import type { Tracing, TracingOptions } from '../src/tracing.ts';

let tracing: Tracing | undefined;

/** Tracing into memory instead of what ran before; gives the spans that have ended. */
export async function recordSpans(options: Partial<TracingOptions> = {}): Promise<() => ReadableSpan[]> {
  await stopRecording();
  const exporter = new InMemorySpanExporter();
  const processor = new SimpleSpanProcessor({ exporter });
  tracing = startTracing({ service: 'gateway', processors: [processor], ...options });
  return () => exporter.getFinishedSpans();
}

/** Twice is once. */
export async function stopRecording(): Promise<void> {
  await tracing?.stop();
}

export function onlySpan(spans: readonly ReadableSpan[]): ReadableSpan {
  const [span, second] = spans;
  if (span === undefined || second !== undefined) throw new Error(`${spans.length} spans instead of one`);
  return span;
}

/** What comes with a request from outside: a trace, and a span of the caller's, recorded there. */
export const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
export const OUTSIDE = `00-${TRACE}-00f067aa0ba902b7-01`;
