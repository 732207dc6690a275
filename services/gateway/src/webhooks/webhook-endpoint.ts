import type { Mode } from '@tolem/contracts';
import { idFromUuid } from '@tolem/domain';
import { z } from 'zod';

const DISABLED_REASONS = ['by_request', 'gone', 'failing'] as const;

/**
 * An endpoint as events keep it and as the program reads it (`webhook_endpoint_row`): no secret, ids are UUIDs, times are
 * what PostgreSQL writes into JSON.
 */
export interface WebhookEndpointSnapshot {
  readonly id: string;
  readonly tenant_id: string;
  readonly mode: Mode;
  readonly url: string;
  readonly types: readonly string[] | null;
  readonly enabled: boolean;
  readonly disabled_reason: (typeof DISABLED_REASONS)[number] | null;
  readonly failing_since: string | null;
  readonly secret_before_until: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export const webhookEndpointViewSchema = z.object({
  id: z.string().describe('`whe_…`'),
  object: z.literal('webhook_endpoint'),
  url: z.string(),
  types: z.array(z.string()).nullable().describe('Types of events that are delivered; null: all.'),
  status: z.enum(['enabled', 'disabled']),
  disabled_reason: z
    .enum(DISABLED_REASONS)
    .nullable()
    .describe('`by_request`: you switched it off. `gone`: it answered 410. `failing`: nothing got through for 3 days.'),
  failing_since: z.string().nullable().describe('Since when nothing gets through; null while it works.'),
  rotation_ends_at: z.string().nullable().describe('Until then deliveries are signed with the secret before, too.'),
  created_at: z.string(),
  updated_at: z.string(),
});

export const madeWebhookEndpointSchema = webhookEndpointViewSchema.extend({
  secret: z.string().nullable().describe('`whsec_…`, shown this once; null in a repeat. Lost it? Rotate.'),
});

export type WebhookEndpointView = z.infer<typeof webhookEndpointViewSchema>;

export function webhookEndpointView(row: WebhookEndpointSnapshot): WebhookEndpointView {
  return {
    id: idFromUuid('whe', row.id),
    object: 'webhook_endpoint',
    url: row.url,
    types: row.types === null ? null : [...row.types],
    status: row.enabled ? 'enabled' : 'disabled',
    disabled_reason: row.disabled_reason,
    failing_since: instant(row.failing_since),
    rotation_ends_at: instant(row.secret_before_until),
    created_at: new Date(row.created_at).toISOString(),
    updated_at: new Date(row.updated_at).toISOString(),
  };
}

function instant(fromDatabase: string | null): string | null {
  return fromDatabase === null ? null : new Date(fromDatabase).toISOString();
}
