import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { hostname } from 'node:os';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { houseSampler } from './house-sampler.ts';
import type { Logger } from './logger.ts';
import { ReportingExporter } from './reporting-exporter.ts';

export interface TracingOptions {
  service: string;
  /** Where an OTLP collector takes HTTP with JSON: `http://collector:4318`; without a path `/v1/traces` is meant. */
  otlpUrl?: string;
  /** Which part of the traces that begin here is recorded: 0 … 1, 1 when absent. See houseSampler. */
  sampleRatio?: number;
  /** Where spans go besides the collector. */
  processors?: readonly SpanProcessor[];
  /** Is told once when spans do not arrive, and once when they do again. */
  logger?: Pick<Logger, 'info' | 'warn'>;
  /** Spans that wait for the collector; what comes on top is dropped. 2048 when absent. */
  maxQueuedSpans?: number;
  /** 2 s when absent. */
  exportEveryMs?: number;
  /** How long one batch may try to arrive, with repetitions, before it is dropped. 5 s when absent. */
  exportTimeoutMs?: number;
  /** How long `stop` lets the last spans try. 3 s when absent. */
  stopTimeoutMs?: number;
}

export interface Tracing {
  /** Sends what is left, within `stopTimeoutMs`; then nothing is recorded any more. Never rejects; idempotent. */
  stop(): Promise<void>;
}

const SPAN_LIMITS = {
  attributeCountLimit: 64,
  attributeValueLengthLimit: 4_096,
  eventCountLimit: 32,
  attributePerEventCountLimit: 16,
  linkCountLimit: 8,
};

/**
 * Starts the recording of spans for this process (see inSpan). With neither collector nor processors nothing is set up,
 * and `inSpan` only runs its work. The standard variables OTEL_EXPORTER_OTLP_HEADERS and
 * OTEL_EXPORTER_OTLP_TRACES_HEADERS are added to what is sent to the collector. TypeError for an address that is none or when
 * tracing runs already; RangeError for a ratio outside 0 … 1.
 */
export function startTracing(options: TracingOptions): Tracing {
  const sampleRatio = options.sampleRatio ?? 1;
  if (!(sampleRatio >= 0 && sampleRatio <= 1)) throw new RangeError(`${sampleRatio} is no part of the whole`);
  const processors = [...(options.processors ?? [])];
  const collector = options.otlpUrl === undefined ? undefined : toCollector(options.otlpUrl, options);
  if (collector !== undefined) processors.push(collector.processor);
  if (processors.length === 0) return { stop: () => Promise.resolve() };

  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.service,
      'host.name': hostname(),
      'process.pid': process.pid,
    }),
    sampler: houseSampler(sampleRatio),
    spanLimits: SPAN_LIMITS,
    spanProcessors: processors,
  });
  if (!trace.setGlobalTracerProvider(provider)) throw new TypeError('tracing runs already in this process');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

  const end = async (): Promise<void> => {
    await within(options.stopTimeoutMs ?? 3_000, provider.shutdown());
    collector?.agent.destroy();
    trace.disable();
    context.disable();
  };
  let stopping: Promise<void> | undefined;
  return { stop: () => (stopping ??= end()) };
}

function toCollector(otlpUrl: string, options: TracingOptions): { processor: SpanProcessor; agent: HttpAgent } {
  const url = tracesUrl(otlpUrl);
  const settings = { keepAlive: true, maxSockets: 4 };
  const agent = url.protocol === 'https:' ? new HttpsAgent(settings) : new HttpAgent(settings);
  const timeoutMillis = options.exportTimeoutMs ?? 5_000;
  const exporter = new OTLPTraceExporter({
    url: url.href,
    timeoutMillis,
    httpAgentOptions: () => agent,
  });
  const maxQueueSize = options.maxQueuedSpans ?? 2_048;
  const processor = new BatchSpanProcessor({
    exporter: options.logger === undefined ? exporter : new ReportingExporter(exporter, options.logger),
    maxQueueSize,
    maxExportBatchSize: Math.min(512, maxQueueSize),
    scheduledDelayMillis: options.exportEveryMs ?? 2_000,
    // The exporter gives up first and says why.
    exportTimeoutMillis: timeoutMillis + 1_000,
  });
  return { processor, agent };
}

function tracesUrl(otlpUrl: string): URL {
  const url = URL.parse(otlpUrl);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TypeError('the address of the collector begins with neither http:// nor https://');
  }
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return url;
}

async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  const settled = work.catch(() => undefined); // The exporter has reported why spans were lost.
  await Promise.race([settled, late]);
  clearTimeout(timer);
}
