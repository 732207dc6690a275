import { createHash } from 'node:crypto';
import type { Call, EffectKind, Access } from '../call.ts';
import { type Subject, type SubjectRow, subjectOf } from '../subject.ts';

/** One piece of work that this service owes, in the hands of this process until its lease ends. */
export interface Operation {
  /** Dedupe key. */
  readonly id: string;
  readonly kind: string;
  readonly class: EffectKind;
  readonly lane: string;
  readonly attempt: number;
  /** The connection that the command names; a device may have been known under another one before. */
  readonly connectionId: string;
  readonly connectionVersion: number;
  readonly command: unknown;
  readonly subject: Subject;
  /** The trace of the request that asked for it. */
  readonly traceparent: string | null;
  /** Null until a call that must happen once has left. */
  readonly repeat: Repeat | null;
  /** When the lease ends, by the monotonic clock of this process. */
  readonly leaseEnds: number;
}

/** A call that must happen once has left before, and may leave again only where it was proven not performed. */
export interface Repeat {
  /** Epoch ms; null where the deadline of the start holds for the repeat too. */
  readonly until: number | null;
  /** What was read before it left first: what shows its effect, however late that comes. */
  readonly note: unknown;
}

export interface OperationRow extends SubjectRow {
  readonly op_id: string;
  readonly op_kind: string;
  readonly class: EffectKind;
  readonly lane: string;
  readonly attempt: number;
  readonly state: string;
  readonly command: unknown;
  readonly op_connection_id: string;
  readonly op_traceparent: string | null;
  readonly connection_version: number;
  readonly repeat_until: Date | null;
  readonly note: unknown;
  readonly sends: number;
}

export function operationOf(row: OperationRow, leaseEnds: number): Operation {
  return {
    id: row.op_id,
    kind: row.op_kind,
    class: row.class,
    lane: row.lane,
    attempt: row.attempt,
    connectionId: row.op_connection_id,
    connectionVersion: row.connection_version,
    command: row.command,
    subject: subjectOf(row),
    traceparent: row.op_traceparent,
    repeat: row.sends === 0 ? null : { until: row.repeat_until?.getTime() ?? null, note: row.note },
    leaseEnds,
  };
}

/**
 * The id of a request, from the stored operation, its attempt (from 1) and the try within it (from 1), never a random one.
 * What is the same request however often it is made has attempt and try 0.
 */
export function requestIdOf(operationId: string, attempt: number, tryNo: number): string {
  return createHash('sha256').update(`${operationId} ${attempt} ${tryNo}`).digest('hex').slice(0, 32);
}

export function callOf(access: Access, requestId: string, mayWrite: () => boolean): Call {
  return { access, requestId, mayWrite };
}
