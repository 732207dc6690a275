import { MODES } from '@tolem/contracts';
import { idFromUuid } from '@tolem/domain';
import { z } from 'zod';
import { type AttentionRow, attentionView, attentionViewSchema } from '../attention/attention.ts';
import {
  type EndingCertificateRow,
  endingCertificateSchema,
  endingCertificateView,
} from '../certificates/certificate-event.ts';
import type { PaymentRow } from '../payments/payment-row.ts';
import { paymentView, paymentViewSchema } from '../payments/payment.view.ts';
import type { RefundRow } from '../refunds/refund-row.ts';
import { refundView, refundViewSchema } from '../refunds/refund.view.ts';
import {
  type WebhookEndpointSnapshot,
  webhookEndpointView,
  webhookEndpointViewSchema,
} from '../webhooks/webhook-endpoint.ts';
import { EVENT_TYPES } from './event-types.ts';
import type { EventRow } from './event-row.ts';

/** An event as it is read and as it is delivered: the two are the same to the field. */
export const eventViewSchema = z.object({
  id: z.string().describe('`evt_…`; the same in a repeated delivery.'),
  object: z.literal('event'),
  type: z.string().describe(`One of ${EVENT_TYPES.map((type) => `\`${type}\``).join(', ')}. More may come.`),
  created_at: z.string(),
  mode: z.enum(MODES),
  data: z.object({
    object: z
      .union([
        paymentViewSchema,
        refundViewSchema,
        attentionViewSchema,
        endingCertificateSchema,
        webhookEndpointViewSchema,
      ])
      .describe('What it is about, as it was then, in the form in which GET shows it.'),
  }),
});

export type EventView = z.infer<typeof eventViewSchema>;

/** @param nowMs epoch milliseconds of whoever reads it: what a till counts down from has passed when the event is old */
export function eventView(row: EventRow, nowMs: number): EventView {
  return {
    id: idFromUuid('evt', row.id),
    object: 'event',
    type: row.type,
    created_at: new Date(row.created_at).toISOString(),
    mode: row.mode,
    data: { object: objectOf(row, nowMs) },
  };
}

/** The snapshot is what the same release or a neighbour put there; the type says what it is. */
function objectOf({ type, snapshot }: EventRow, nowMs: number): EventView['data']['object'] {
  const [kind] = type.split('.');
  switch (kind) {
    case 'payment':
      return paymentView(snapshot as PaymentRow, nowMs);
    case 'refund':
      return refundView(snapshot as RefundRow, nowMs);
    case 'attention':
      return attentionView(snapshot as AttentionRow);
    case 'certificate':
      return endingCertificateView(snapshot as EndingCertificateRow);
    case 'webhook_endpoint':
    case 'test':
      return webhookEndpointView(snapshot as WebhookEndpointSnapshot);
    default:
      throw new Error(`no renderer for an event of type ${type}`);
  }
}
