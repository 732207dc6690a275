import { PROVIDERS } from '@tolem/contracts';
import { type PaymentView, paymentView } from './payment.view.ts';

const CREATED_AT_MS = Date.UTC(2026, 10, 22, 12);
const SCAN_WITHIN_MS = 180_000;
const [provider] = PROVIDERS;

/** A payment whose QR is on the screen, for the documentation: made by the renderer, so that it cannot go out of date. */
export const PAYMENT_EXAMPLE: PaymentView = paymentView(
  {
    id: '019aab5a-6c00-7abc-8def-0123456789ab',
    mode: 'test',
    organization_id: '019aab4c-b0c0-7abc-8def-0123456789ab',
    connection_id: '019aab4c-b0c1-7abc-8def-0123456789ab',
    desk_id: '019aab4c-b0c2-7abc-8def-0123456789ab',
    desk: 'desk-03',
    provider: provider?.name ?? null,
    method: provider?.methods[0]?.type ?? null,
    method_data: {},
    amount: 149_000,
    currency: provider?.currency ?? null,
    status: 'requires_customer',
    version: 2,
    start_by: null,
    expires_at: new Date(CREATED_AT_MS + SCAN_WITHIN_MS).toISOString(),
    reference: 'S-000917',
    provider_ref: '16600000017',
    next_action: { type: 'show_qr', qr: 'https://qr.example/10000000000000017' },
    payment_methods: ['Gold', 'Red', 'Loan'],
    slip: null,
    failure: null,
    refunded: 0,
    reserved: 0,
    imported: false,
    paid_at: null,
    cancel_requested_at: null,
    cancel_result: null,
    late: false,
    resolution: null,
    metadata: {},
    created_at: new Date(CREATED_AT_MS).toISOString(),
    updated_at: new Date(CREATED_AT_MS + 800).toISOString(),
  },
  CREATED_AT_MS + 9_000,
);
