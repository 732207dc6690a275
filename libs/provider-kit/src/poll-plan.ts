import type { PollEntry } from '@tolem/coordination';
import type { PaymentPicture, WaitingUntil } from './payment-picture.ts';
import type { PaymentSubject, Subject } from './subject.ts';

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

/** What the schedule carries for a connection: it is read anew at its time. */
export const CONNECTION = 'connection';

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
  if (subject.kind !== 'payment') return undefined;
  const { picture } = subject;
  if (picture.providerRef === null) return undefined;
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
