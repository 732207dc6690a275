import type { Failure, Mode } from '@tolem/contracts';
import type { PaymentStatus, RefundStatus } from '@tolem/domain';
import type { PaymentPicture, PaymentRecord } from './payments/payment-picture.ts';
import type { RefundPicture, RefundRecord } from './refunds/refund-picture.ts';

/** What is the same for every subject: one payment, refund, device or connection as the provider's side sees it. */
export interface SubjectFrame {
  readonly id: string;
  readonly tenant: string;
  readonly mode: Mode;
  readonly connectionId: string;
  readonly deviceId: string | null;
  /** Number of the last news; 0 where there was none. */
  readonly seq: number;
  /** Past it nothing is sent; epoch ms. */
  readonly startBy: number | null;
  /** The trace of the request that asked for it, as W3C traceparent. */
  readonly traceparent: string | null;
}

export interface PaymentSubject extends SubjectFrame {
  readonly kind: 'payment';
  readonly picture: PaymentPicture;
}

export interface RefundSubject extends SubjectFrame {
  readonly kind: 'refund';
  readonly picture: RefundPicture;
}

/** A connection: whether the provider answers under it. */
export interface ConnectionSubject extends SubjectFrame {
  readonly kind: 'connection';
  readonly health: 'unknown' | 'up' | 'down' | 'refused';
  readonly lookAt: number | null;
  readonly record: ConnectionRecord;
}

export interface ConnectionRecord {
  readonly version: number;
  readonly reason: Failure | null;
  readonly tradePoints: readonly { readonly ref: string; readonly name: string }[] | null;
  /** Since when every answer may as well have been the provider's "no"; epoch milliseconds. */
  readonly doubtfulSince?: number;
}

export interface DeviceSubject extends SubjectFrame {
  readonly kind: 'device';
  readonly status: 'accepted' | 'registered' | 'failed' | 'deleted';
  readonly record: DeviceRecord;
}

export interface DeviceRecord {
  readonly failure: Failure | null;
  /** The operation that the provider could not be asked for, and since when; epoch milliseconds. */
  readonly unanswered?: { readonly operation: string; readonly since: number };
}

/** What money moves for. */
export type MoneySubject = PaymentSubject | RefundSubject;

export type Subject = PaymentSubject | RefundSubject | ConnectionSubject | DeviceSubject;

/** A row of the table `subject`, as `SELECT *` gives it. */
export interface SubjectRow {
  readonly id: string;
  readonly tenant: string;
  readonly mode: Mode;
  readonly connection_id: string;
  readonly device_id: string | null;
  readonly kind: Subject['kind'];
  readonly phase: string;
  readonly seq: number;
  readonly provider_ref: string | null;
  readonly start_by: Date | null;
  readonly look_at: Date | null;
  readonly look_step: number;
  readonly data: unknown;
  readonly traceparent: string | null;
}

/** The columns that news may change. */
export interface SubjectColumns {
  readonly phase: string;
  readonly providerRef: string | null;
  readonly lookAt: Date | null;
  readonly lookStep: number;
  readonly data: unknown;
}

/** Reads a row. The casts are of what this service wrote itself through `columnsOf`. */
export function subjectOf(row: SubjectRow): Subject {
  const frame: SubjectFrame = {
    id: row.id,
    tenant: row.tenant,
    mode: row.mode,
    connectionId: row.connection_id,
    deviceId: row.device_id,
    seq: row.seq,
    startBy: row.start_by === null ? null : row.start_by.getTime(),
    traceparent: row.traceparent,
  };
  const lookAt = row.look_at === null ? null : row.look_at.getTime();
  switch (row.kind) {
    case 'payment': {
      const picture: PaymentPicture = {
        phase: row.phase as PaymentStatus,
        providerRef: row.provider_ref,
        lookAt,
        lookStep: row.look_step,
        record: row.data as PaymentRecord,
      };
      return { ...frame, kind: 'payment', picture };
    }
    case 'refund': {
      const picture: RefundPicture = {
        phase: row.phase as RefundStatus,
        providerRef: row.provider_ref,
        lookAt,
        record: row.data as RefundRecord,
      };
      return { ...frame, kind: 'refund', picture };
    }
    case 'connection':
      return {
        ...frame,
        kind: 'connection',
        health: row.phase as ConnectionSubject['health'],
        lookAt,
        record: row.data as ConnectionRecord,
      };
    case 'device':
      return {
        ...frame,
        kind: 'device',
        status: row.phase as DeviceSubject['status'],
        record: row.data as DeviceSubject['record'],
      };
  }
}

export function columnsOf(subject: Subject): SubjectColumns {
  switch (subject.kind) {
    case 'payment': {
      const { phase, providerRef, lookAt, lookStep, record } = subject.picture;
      return { phase, providerRef, lookAt: dateOf(lookAt), lookStep, data: record };
    }
    case 'refund': {
      const { phase, providerRef, lookAt, record } = subject.picture;
      return { phase, providerRef, lookAt: dateOf(lookAt), lookStep: 0, data: record };
    }
    case 'connection':
      return {
        phase: subject.health,
        providerRef: null,
        lookAt: dateOf(subject.lookAt),
        lookStep: 0,
        data: subject.record,
      };
    case 'device':
      return { phase: subject.status, providerRef: null, lookAt: null, lookStep: 0, data: subject.record };
  }
}

function dateOf(epochMs: number | null): Date | null {
  return epochMs === null ? null : new Date(epochMs);
}
