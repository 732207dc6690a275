import { z } from 'zod';

/** Test keys reach only sandbox connections, live keys only live ones; every message says which world it belongs to. */
export const MODES = ['test', 'live'] as const;
export type Mode = (typeof MODES)[number];

/**
 * A message on the bus: CloudEvents 1.0 attributes (binary mode: in Kafka they are headers `ce_id`, `ce_type`, …) plus
 * where it goes. `body` is the JSON payload; `tenant` is the tenant's id (`ten_…`) or null for what belongs to the
 * operator alone.
 */
export interface Envelope<Body = unknown> {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly tenant: string | null;
  readonly mode: Mode;
  /** Version of the payload's schema; consumers accept the previous and the next one. */
  readonly schema: number;
  readonly traceparent?: string;
  readonly topic: string;
  /** What must stay in order among itself: the lane of a command, the subject of an event. */
  readonly key: string;
  readonly body: Body;
}

/** The attributes that travel as headers; the outbox stores them as JSON beside the body. */
export const envelopeHeadersSchema = z.object({
  ce_id: z.string().min(1).max(100),
  ce_type: z.string().min(1).max(100),
  ce_source: z.string().min(1).max(100),
  ce_subject: z.string().min(1).max(200),
  ce_time: z.iso.datetime(),
  tenant: z.string().max(64).nullable(),
  mode: z.enum(MODES),
  schema: z.number().int().positive(),
  traceparent: z.string().max(100).optional(),
});
export type EnvelopeHeaders = z.infer<typeof envelopeHeadersSchema>;

/** Splits an envelope into the headers that travel beside the body. */
export function headersOf(envelope: Envelope): EnvelopeHeaders {
  return {
    ce_id: envelope.id,
    ce_type: envelope.type,
    ce_source: envelope.source,
    ce_subject: envelope.subject,
    ce_time: envelope.time,
    tenant: envelope.tenant,
    mode: envelope.mode,
    schema: envelope.schema,
    ...(envelope.traceparent === undefined ? {} : { traceparent: envelope.traceparent }),
  };
}

/** Puts an envelope together again; throws a ZodError where a header is missing or wrong. */
export function envelopeOf(topic: string, key: string, headers: unknown, body: unknown): Envelope {
  const h = envelopeHeadersSchema.parse(headers);
  return {
    id: h.ce_id,
    type: h.ce_type,
    source: h.ce_source,
    subject: h.ce_subject,
    time: h.ce_time,
    tenant: h.tenant,
    mode: h.mode,
    schema: h.schema,
    ...(h.traceparent === undefined ? {} : { traceparent: h.traceparent }),
    topic,
    key,
    body,
  };
}
