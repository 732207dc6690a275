import type { Database } from '@tolem/persistence';
import { failureOf } from '../failure-of.ts';
import { asked } from '../refunds/refund-life.ts';
import type { PaymentPicture } from '../payments/payment-picture.ts';
import type { RefundPicture } from '../refunds/refund-picture.ts';
import { columnsOf, type MoneySubject, type SubjectFrame } from '../subject.ts';

/**
 * A payment or refund that ended before it ever came here. It stands where the real one would, so that a start that
 * arrives later finds it and is refused.
 */
export function tombstone(frame: SubjectFrame, kind: MoneySubject['kind'], phase: 'failed' | 'canceled'): MoneySubject {
  return kind === 'payment'
    ? { ...frame, seq: 1, kind, picture: paymentPicture(phase) }
    : { ...frame, seq: 1, kind, picture: refundPicture(phase) };
}

function paymentPicture(phase: 'failed' | 'canceled'): PaymentPicture {
  return {
    phase,
    providerRef: null,
    lookAt: null,
    lookStep: 0,
    record: {
      method: '',
      amountMinor: null,
      currency: '',
      reference: null,
      tradePointRef: null,
      nextAction: null,
      paymentMethods: [],
      slip: null,
      cancel: phase === 'canceled' ? { result: 'done' } : null,
      failure: phase === 'failed' ? failureOf('not_started', 'not_started') : null,
      evidence: 'stated',
      waiting: null,
    },
  };
}

function refundPicture(phase: 'failed' | 'canceled'): RefundPicture {
  const blank = { paymentId: null, purchaseRef: null, amountMinor: null, currency: '', tradePointRef: null, lane: '' };
  const picture = asked(blank);
  const failure = phase === 'failed' ? failureOf('not_started', 'refund_failed') : null;
  return { ...picture, phase, record: { ...picture.record, failure } };
}

/** Puts a tombstone where no subject stands; false where one does. */
export async function bury(db: Database, stone: MoneySubject): Promise<boolean> {
  const columns = columnsOf(stone);
  const rows = await db.query(
    `INSERT INTO subject (id, tenant, mode, connection_id, device_id, kind, phase, seq, start_by, data)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING RETURNING id`,
    [
      stone.id,
      stone.tenant,
      stone.mode,
      stone.connectionId,
      stone.deviceId,
      stone.kind,
      columns.phase,
      stone.seq,
      stone.startBy === null ? null : new Date(stone.startBy),
      JSON.stringify(columns.data),
    ],
  );
  return rows.length > 0;
}
