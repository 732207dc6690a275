import { MODES, type Mode } from '@tolem/contracts';
import { idFromUuid } from '@tolem/domain';
import { z } from 'zod';

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const;

export interface WebhookDeliveryRow {
  readonly id: string;
  readonly endpoint_id: string;
  readonly event_id: string;
  readonly mode: Mode;
  readonly type: string;
  readonly state: (typeof DELIVERY_STATES)[number];
  readonly attempts: number;
  readonly next_at: Date;
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly last_at: Date | null;
  readonly created_at: Date;
}

export const DELIVERY_COLUMNS =
  'id, endpoint_id, event_id, mode, type, state, attempts, next_at, last_status, last_error, last_at, created_at';

export const webhookDeliveryViewSchema = z.object({
  id: z.string().describe('`whd_…`'),
  object: z.literal('webhook_delivery'),
  endpoint: z.string().describe('`whe_…`'),
  event: z.string().describe('`evt_…`: its body is what GET shows of it.'),
  type: z.string(),
  mode: z.enum(MODES),
  state: z.enum(DELIVERY_STATES),
  attempts: z.int(),
  next_attempt_at: z.string().nullable().describe('While `pending`: the next attempt is made then, or soon after.'),
  last_attempt_at: z.string().nullable(),
  last_status: z.int().nullable().describe('HTTP status of the last attempt that got an answer.'),
  last_error: z
    .string()
    .nullable()
    .describe(
      'Why the last attempt failed: `http_status`, `redirect`, `timeout`, `address_refused`, `host_unknown`, `tls`, `connection`, `endpoint_disabled`, `endpoint_deleted`.',
    ),
  created_at: z.string(),
});

export type WebhookDeliveryView = z.infer<typeof webhookDeliveryViewSchema>;

export function webhookDeliveryView(row: WebhookDeliveryRow): WebhookDeliveryView {
  return {
    id: idFromUuid('whd', row.id),
    object: 'webhook_delivery',
    endpoint: idFromUuid('whe', row.endpoint_id),
    event: idFromUuid('evt', row.event_id),
    type: row.type,
    mode: row.mode,
    state: row.state,
    attempts: row.attempts,
    next_attempt_at: row.state === 'pending' ? row.next_at.toISOString() : null,
    last_attempt_at: row.last_at?.toISOString() ?? null,
    last_status: row.last_status,
    last_error: row.last_error,
    created_at: row.created_at.toISOString(),
  };
}
