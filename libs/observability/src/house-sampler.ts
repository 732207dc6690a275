import { SpanKind } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { Sampler } from '@opentelemetry/sdk-trace';

/**
 * Which traces are recorded. Inside the house a span follows its parent, so that a trace is whole or absent. A request
 * that enters it (a server span) keeps the trace id of its caller but not the caller's decision: who calls from outside
 * can neither make us record everything nor hide from us. That decision is drawn from the trace id, so every process of
 * the house draws the same.
 */
export function houseSampler(sampleRatio: number): Sampler {
  const drawn = new TraceIdRatioBasedSampler(sampleRatio);
  const inside = new ParentBasedSampler({
    root: drawn,
    remoteParentSampled: new AlwaysOnSampler(),
    remoteParentNotSampled: new AlwaysOffSampler(),
  });
  return {
    shouldSample: (context, traceId, name, kind, attributes, links) =>
      kind === SpanKind.SERVER
        ? drawn.shouldSample(context, traceId)
        : inside.shouldSample(context, traceId, name, kind, attributes, links),
    toString: () => `HouseSampler{${sampleRatio}}`,
  };
}
