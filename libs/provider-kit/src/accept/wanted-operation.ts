import {
  type BodyOf,
  type connectionVerify,
  type deviceDelete,
  type deviceRegister,
  type Envelope,
  type PaymentRefresh,
  type PaymentStart,
  type RefundChoose,
  type RefundStart,
} from '@tolem/contracts';
import { UnreadableMessage } from '@tolem/messaging';
import type { z } from 'zod';
import type { EffectKind } from '../call.ts';
import type { Operation } from '../operations/operation.ts';
import type { PaymentRecord } from '../payments/payment-picture.ts';
import { asked } from '../refunds/refund-life.ts';
import { columnsOf, type Subject, type SubjectFrame } from '../subject.ts';

/**
 * What an operation needs of its subject: to begin it (a start: where it is there already, nothing may be started), that
 * it is there from now on, or that it has been there before.
 */
export type SubjectNeed = 'fresh' | 'any' | 'known';

/** An operation as a command asks for it, with the subject that it begins where that is new. */
export interface Wanted {
  readonly operation: Omit<Operation, 'leaseEnds' | 'attempt' | 'repeat'>;
  readonly needs: SubjectNeed;
}

type CommandHead = Pick<
  BodyOf<typeof connectionVerify>,
  'op_id' | 'subject_id' | 'connection_id' | 'connection_version' | 'device_id' | 'lane' | 'after'
>;

/** @param effect what a lost answer to the start means */
export function wantedPayment(envelope: Envelope, body: PaymentStart, effect: EffectKind): Wanted {
  const record: PaymentRecord = {
    method: body.method,
    amountMinor: body.amount,
    currency: body.currency,
    reference: body.reference,
    tradePointRef: body.trade_point_ref,
    nextAction: null,
    paymentMethods: [],
    slip: null,
    cancel: null,
    failure: null,
    evidence: 'stated',
    waiting: null,
  };
  const subject: Subject = {
    ...frameOf(envelope, body, Date.parse(body.start_by)),
    kind: 'payment',
    picture: { phase: 'created', providerRef: null, lookAt: null, lookStep: 0, record },
  };
  return wanted(envelope, body, subject, effect, 'fresh');
}

/** Whether its call is one that must happen once shows when the connection's scheme is known; that is noted with the call. */
export function wantedRefund(envelope: Envelope, body: RefundStart): Wanted {
  const picture = asked({
    paymentId: body.payment_id,
    purchaseRef: body.purchase_ref,
    amountMinor: body.amount,
    currency: body.currency,
    tradePointRef: body.trade_point_ref,
    lane: body.lane,
  });
  const frame = frameOf(envelope, body, Date.parse(body.start_by));
  return wanted(envelope, body, { ...frame, kind: 'refund', picture }, 'orphanable', 'fresh');
}

/** A choice or a question about what is known here already; what it finds is read when it runs. */
export function wantedOfKnown(envelope: Envelope, body: RefundChoose | PaymentRefresh): Wanted {
  return wanted(envelope, body, unknownYet(envelope, body), 'repeatable', 'known');
}

export function wantedVerification(envelope: Envelope, body: BodyOf<typeof connectionVerify>): Wanted {
  const subject: Subject = {
    ...frameOf(envelope, body, null),
    kind: 'connection',
    health: 'unknown',
    lookAt: null,
    record: { version: body.connection_version, reason: null, tradePoints: null },
  };
  return wanted(envelope, body, subject, 'repeatable', 'any');
}

export function wantedDevice(
  envelope: Envelope,
  body: BodyOf<typeof deviceRegister> | BodyOf<typeof deviceDelete>,
): Wanted {
  return wanted(envelope, body, unknownYet(envelope, body), 'repeatable', 'any');
}

function unknownYet(envelope: Envelope, body: CommandHead): Subject {
  return { ...frameOf(envelope, body, null), kind: 'device', status: 'accepted', record: { failure: null } };
}

function wanted(
  envelope: Envelope,
  body: CommandHead,
  subject: Subject,
  effect: EffectKind,
  needs: SubjectNeed,
): Wanted {
  return {
    needs,
    operation: {
      id: body.op_id,
      kind: envelope.type,
      class: effect,
      lane: body.lane,
      connectionId: body.connection_id,
      connectionVersion: body.connection_version,
      command: body,
      subject,
      traceparent: envelope.traceparent ?? null,
    },
  };
}

/** Reads a command's body. @throws UnreadableMessage where it breaks its contract */
export function read<S extends z.ZodType>(schema: S, envelope: Envelope): z.output<S> {
  const parsed = schema.safeParse(envelope.body);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new UnreadableMessage(`${envelope.type} ${envelope.id} breaks its contract: ${where}`);
}

export function tenantOf(envelope: Envelope): string {
  if (envelope.tenant === null) throw new UnreadableMessage(`${envelope.type} ${envelope.id} names no tenant`);
  return envelope.tenant;
}

export function frameOf(
  envelope: Envelope,
  body: Pick<CommandHead, 'subject_id' | 'connection_id' | 'device_id'>,
  startBy: number | null,
): SubjectFrame {
  return {
    id: body.subject_id,
    tenant: tenantOf(envelope),
    mode: envelope.mode,
    connectionId: body.connection_id,
    deviceId: body.device_id,
    seq: 0,
    startBy,
    traceparent: envelope.traceparent ?? null,
  };
}

/** As the statement `accept` takes it. */
export function rowOf({ operation, needs }: Wanted): object {
  const { subject } = operation;
  const columns = columnsOf(subject);
  const after = (operation.command as CommandHead).after;
  return {
    op_id: operation.id,
    subject_id: subject.id,
    tenant: subject.tenant,
    mode: subject.mode,
    connection_id: operation.connectionId,
    connection_version: operation.connectionVersion,
    device_id: subject.deviceId,
    kind: operation.kind,
    class: operation.class,
    lane: operation.lane,
    after_op: after ?? null,
    subject_kind: subject.kind,
    phase: columns.phase,
    start_by: subject.startBy === null ? null : new Date(subject.startBy).toISOString(),
    data: columns.data,
    needs,
    command: operation.command,
    traceparent: operation.traceparent,
  };
}
