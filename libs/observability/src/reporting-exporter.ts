import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from './logger.ts';

/** Says once when spans begin to be lost on their way to the collector, and once when they arrive again. */
export class ReportingExporter implements SpanExporter {
  #lostSpans = 0;

  constructor(
    private readonly target: SpanExporter,
    private readonly logger: Pick<Logger, 'info' | 'warn'>,
  ) {}

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.target.export(spans, (result) => {
      this.#report(result, spans.length);
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.target.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.target.forceFlush?.();
  }

  #report(result: ExportResult, spans: number): void {
    if (result.code === ExportResultCode.SUCCESS) {
      if (this.#lostSpans > 0) this.logger.info({ lostSpans: this.#lostSpans }, 'spans reach the collector again');
      this.#lostSpans = 0;
      return;
    }
    // Only the message: an error of the exporter carries the whole answer of the collector.
    if (this.#lostSpans === 0) this.logger.warn({ reason: result.error?.message }, 'spans do not reach the collector');
    this.#lostSpans += spans;
  }
}
