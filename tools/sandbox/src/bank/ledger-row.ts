import { isFinal } from './purchase-life.ts';
import type { Purchase, Refund, RefundedBy } from './purchase.ts';
import type { RefundCode } from './refund-code.ts';

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

/** What calls are about: a purchase, a refund, a refund code. */
export interface LedgerSubject {
  readonly id: number;
  readonly calls: LedgerCall[];
  /** The statuses that answers have carried; refunds have none. */
  readonly saidStatuses?: Set<string>;
}

/** What the bank believes happened, as `GET /ledger` shows it. Amounts are minor units. */
export interface LedgerRow {
  seq: number;
  at: string;
  provider: 'kaspi';
  /** `refund_code` is the code that a buyer scans for a refund with the buyer; its amount is 0. */
  kind: 'payment' | 'invoice' | 'refund' | 'refund_code';
  id: string;
  external_id: string | null;
  tax_id: string;
  amount: number;
  currency: 'KZT';
  status: string;
  /** When the status became what it is. */
  status_at: string;
  /** The purchase that a refund belongs to, null otherwise. */
  payment_id: string | null;
  /** Who ordered a refund, null otherwise. */
  by: RefundedBy | null;
  /** Who scanned or paid; null for a refund code that nobody has scanned. */
  buyer: string | null;
  /** Of an invoice: the last digits of the phone number and the comment. */
  phone_ends: string | null;
  comment: string | null;
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
    kind: purchase.kind === 'invoice' ? 'invoice' : 'payment',
    id: String(purchase.id),
    external_id: purchase.externalId,
    tax_id: purchase.bin,
    amount: purchase.amountMinor,
    currency: 'KZT',
    status: life.status,
    status_at: iso(life.deadAtMs !== null && !isFinal(life.status) ? life.deadAtMs : life.sinceMs),
    payment_id: null,
    by: null,
    buyer: purchase.buyer,
    phone_ends: purchase.invoice?.phoneEnds ?? null,
    comment: purchase.invoice?.comment ?? null,
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
    by: refund.by,
    buyer: payment?.buyer ?? null,
    phone_ends: null,
    comment: null,
    calls: refund.calls.map(shown),
  };
}

export function refundCodeRow(code: RefundCode): LedgerRow {
  return {
    seq: code.seq,
    at: iso(code.atMs),
    provider: 'kaspi',
    kind: 'refund_code',
    id: String(code.id),
    external_id: code.externalId,
    tax_id: code.bin,
    amount: 0,
    currency: 'KZT',
    status: code.status,
    status_at: iso(code.sinceMs),
    payment_id: null,
    by: null,
    buyer: code.buyer,
    phone_ends: null,
    comment: null,
    calls: code.calls.map(shown),
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
