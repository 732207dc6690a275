import type { Failure } from '@tolem/contracts';
import type { Database } from '@tolem/persistence';
import { failureOf } from './payment-life.ts';
import type { PaymentPicture } from './payment-picture.ts';
import { columnsOf, type PaymentSubject, type SubjectFrame } from './subject.ts';

/**
 * A payment that ended before it ever came here. It stands where the payment would, so that a start that arrives later
 * finds it and is refused.
 */
export function tombstone(frame: SubjectFrame, phase: 'failed' | 'canceled'): PaymentSubject {
  const failure: Failure | null = phase === 'failed' ? failureOf('not_started', 'not_started') : null;
  const picture: PaymentPicture = {
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
      failure,
      evidence: 'stated',
      waiting: null,
    },
  };
  return { ...frame, seq: 1, kind: 'payment', picture };
}

/** Puts a tombstone where no subject stands; false where one does. */
export async function bury(db: Database, stone: PaymentSubject): Promise<boolean> {
  const columns = columnsOf(stone);
  const rows = await db.query(
    `INSERT INTO subject (id, tenant, mode, connection_id, device_id, kind, phase, seq, start_by, data)
     VALUES ($1, $2, $3, $4, $5, 'payment', $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING RETURNING id`,
    [
      stone.id,
      stone.tenant,
      stone.mode,
      stone.connectionId,
      stone.deviceId,
      columns.phase,
      stone.seq,
      stone.startBy === null ? null : new Date(stone.startBy),
      JSON.stringify(columns.data),
    ],
  );
  return rows.length > 0;
}
