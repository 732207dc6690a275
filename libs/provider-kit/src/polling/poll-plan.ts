import type { PollEntry } from '@tolem/coordination';
import type { PaymentPicture, WaitingUntil } from '../payments/payment-picture.ts';
import type { ShowingUntil } from '../refunds/refund-picture.ts';
import type { PaymentSubject, RefundSubject, Subject } from '../subject.ts';

/**
 * What the schedule carries for an entry, so that a question that changes nothing touches no database: whom to ask
 * about, under which connection, and until when.
 */
export interface Plan {
  readonly tenant: string;
  readonly mode: PaymentSubject['mode'];
  readonly connectionId: string;
  readonly method: string;
  readonly providerRef: string;
  /** Null once the payment has ended here and is only watched. */
  readonly waiting: WaitingUntil | null;
  /** The buyer has acted; told already. */
  readonly seen: boolean;
  /** The trace of the payment's request. */
  readonly traceparent: string | null;
  /** How many questions were asked; part of the request's id. */
  readonly asked: number;
}

/** The same for a refund whose buyer is to show himself. */
export interface RefundPlan {
  readonly about: 'refund';
  readonly connectionId: string;
  readonly customerRef: string;
  readonly waiting: ShowingUntil;
  /** When the buyer was seen to have shown himself, where his purchases could not be read yet; epoch ms. */
  readonly identifiedAt: number | null;
  readonly traceparent: string | null;
  readonly asked: number;
}

/** What the schedule carries for what is rare: the subject is read anew at its time. */
export const READ_ANEW = 'read';

/** The same for a connection. */
export const CONNECTION = 'connection';

export function isRefundPlan(plan: Plan | RefundPlan): plan is RefundPlan {
  return 'about' in plan;
}

/** How soon the next question of an entry may be asked, where the last one broke off. */
export function intervalOf(payload: string): number {
  if (payload === CONNECTION || payload === READ_ANEW) return 0;
  return (JSON.parse(payload) as Plan | RefundPlan).waiting?.intervalMs ?? 0;
}

/**
 * A subject's next question, or undefined where nobody needs to ask.
 * @param dueAt epoch ms; undefined where nobody planned it (a restart, an emptied schedule): an open payment is then
 *   asked about at `now`, everything else at the time that its row says
 */
export function entryOf(subject: Subject, dueAt: number | undefined, now: number): PollEntry | undefined {
  if (subject.kind === 'connection') {
    return subject.lookAt === null
      ? undefined
      : { id: subject.id, dueAt: dueAt ?? subject.lookAt, payload: CONNECTION, group: subject.id };
  }
  if (subject.kind === 'refund') return refundEntryOf(subject, dueAt, now);
  if (subject.kind !== 'payment') return undefined;
  const { picture } = subject;
  if (picture.providerRef === null) return undefined;
  if (picture.lookAt !== null && isReadAnew(subject)) return readAnew(subject, dueAt ?? picture.lookAt);
  const plan: Plan = {
    tenant: subject.tenant,
    mode: subject.mode,
    connectionId: subject.connectionId,
    method: picture.record.method,
    providerRef: picture.providerRef,
    waiting: picture.record.waiting,
    seen: picture.phase === 'processing',
    traceparent: subject.traceparent,
    asked: 0,
  };
  const due = dueAt ?? (picture.record.waiting === null ? picture.lookAt : now);
  // Connections take turns, so that one with thousands of payments overdue holds up nobody else.
  return due === null
    ? undefined
    : { id: subject.id, dueAt: due, payload: JSON.stringify(plan), group: subject.connectionId };
}

/** A payment at the end of a life that no timer asked about, or one that was paid and is to be verified. */
function isReadAnew({ picture }: PaymentSubject): boolean {
  return picture.phase === 'succeeded' || picture.record.askedForOnly === true;
}

function readAnew(subject: Subject, dueAt: number): PollEntry {
  return { id: subject.id, dueAt, payload: READ_ANEW, group: subject.connectionId };
}

function refundEntryOf(subject: RefundSubject, dueAt: number | undefined, now: number): PollEntry | undefined {
  const { phase, lookAt, record } = subject.picture;
  if (phase !== 'requires_customer' || lookAt === null) return undefined;
  if (record.waiting === null || record.customerRef === null) return readAnew(subject, dueAt ?? lookAt);
  const plan: RefundPlan = {
    about: 'refund',
    connectionId: subject.connectionId,
    customerRef: record.customerRef,
    waiting: record.waiting,
    identifiedAt: null,
    traceparent: subject.traceparent,
    asked: 0,
  };
  return { id: subject.id, dueAt: dueAt ?? now, payload: JSON.stringify(plan), group: subject.connectionId };
}

/** As much of an open payment as a "not yet" needs. */
export function openPicture(plan: Plan): PaymentPicture {
  return {
    phase: plan.seen ? 'processing' : 'requires_customer',
    providerRef: plan.providerRef,
    lookAt: null,
    lookStep: 0,
    record: {
      method: plan.method,
      amountMinor: null,
      currency: '',
      reference: null,
      tradePointRef: null,
      nextAction: null,
      paymentMethods: [],
      slip: null,
      cancel: null,
      failure: null,
      evidence: 'stated',
      waiting: plan.waiting,
    },
  };
}
