import { isFinal } from './purchase-life.ts';
import type { Purchase, Refund } from './purchase.ts';

/** One call that concerned a purchase; times are epoch milliseconds here and ISO 8601 in the control interface. */
export interface LedgerCall {
  /** When the request's headers had arrived. */
  readonly atMs: number;
  readonly call: string;
  answered: boolean;
  /** When the first byte of the answer was written, null if none was. */
  answeredAtMs: number | null;
  /** The status that the answer carried, null for calls that carry none. */
  readonly status: string | null;
}

/** What the bank believes happened, as `GET /ledger` shows it. Amounts are minor units. */
export interface LedgerRow {
  seq: number;
  at: string;
  provider: 'kaspi';
  kind: 'payment' | 'refund';
  id: string;
  external_id: string | null;
  tax_id: string;
  amount: number;
  currency: 'KZT';
  status: string;
  /** When the status became what it is. */
  status_at: string;
  /** The purchase that a refund belongs to, null for payments. */
  payment_id: string | null;
  calls: { at: string; call: string; answered: boolean; answered_at: string | null; status: string | null }[];
}

const CALLS_PER_ROW = 500;

/** Adds a call; when a row is full the newest call takes the place of the last one, so the first ones stay. */
export function addCall(calls: LedgerCall[], call: LedgerCall): void {
  if (calls.length >= CALLS_PER_ROW) calls.pop();
  calls.push(call);
}

export function paymentRow(purchase: Purchase): LedgerRow {
  const { life } = purchase;
  return {
    seq: purchase.seq,
    at: iso(purchase.rules.createdAtMs),
    provider: 'kaspi',
    kind: 'payment',
    id: String(purchase.id),
    external_id: purchase.externalId,
    tax_id: purchase.bin,
    amount: purchase.amountMinor,
    currency: 'KZT',
    status: life.status,
    status_at: iso(life.deadAtMs !== null && !isFinal(life.status) ? life.deadAtMs : life.sinceMs),
    payment_id: null,
    calls: purchase.calls.map(shown),
  };
}

export function refundRow(refund: Refund, payment: Purchase | undefined): LedgerRow {
  return {
    seq: refund.seq,
    at: iso(refund.atMs),
    provider: 'kaspi',
    kind: 'refund',
    id: String(refund.id),
    external_id: payment?.externalId ?? null,
    tax_id: refund.bin,
    amount: refund.amountMinor,
    currency: 'KZT',
    status: 'Processed',
    status_at: iso(refund.atMs),
    payment_id: String(refund.paymentId),
    calls: refund.calls.map(shown),
  };
}

function shown(call: LedgerCall): LedgerRow['calls'][number] {
  return {
    at: iso(call.atMs),
    call: call.call,
    answered: call.answered,
    answered_at: call.answeredAtMs === null ? null : iso(call.answeredAtMs),
    status: call.status,
  };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
