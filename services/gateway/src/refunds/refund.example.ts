import { PAYMENT_EXAMPLE } from '../payments/payment.example.ts';
import { type RefundView, refundView } from './refund.view.ts';

const CREATED_AT_MS = Date.UTC(2026, 10, 23, 9);

/** A refund that is through, for the documentation: made by the renderer, so that it cannot go out of date. */
export const REFUND_EXAMPLE: RefundView = refundView(
  {
    id: '019ab04f-8a00-7abc-8def-0123456789ab',
    mode: 'test',
    organization_id: '019aab4c-b0c0-7abc-8def-0123456789ab',
    payment_id: '019aab5a-6c00-7abc-8def-0123456789ab',
    desk: 'desk-03',
    provider: PAYMENT_EXAMPLE.provider?.name ?? '',
    source: 'api',
    amount: 49_000,
    currency: PAYMENT_EXAMPLE.currency ?? 'KZT',
    status: 'succeeded',
    version: 2,
    expires_at: null,
    reference: null,
    reason: 'The goods came back',
    purchase_ref: '16600000017',
    provider_ref: '16600000032',
    next_action: null,
    failure: null,
    evidence: 'stated',
    cancel_requested_at: null,
    cancel_result: null,
    resolution: null,
    metadata: {},
    created_at: new Date(CREATED_AT_MS).toISOString(),
    updated_at: new Date(CREATED_AT_MS + 900).toISOString(),
  },
  CREATED_AT_MS + 1_000,
);
