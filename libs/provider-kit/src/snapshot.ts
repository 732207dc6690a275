import {
  type Addressed,
  connectionState,
  deviceState,
  type Envelope,
  EVENTS_TOPIC,
  paymentProgress,
  paymentState,
  produce,
  refundState,
} from '@tolem/contracts';
import { currentTraceparent } from '@tolem/observability';
import type { Subject } from './subject.ts';

/** Who tells it and when. */
export interface Telling {
  readonly source: string;
  readonly newId: () => string;
  /** Epoch ms. */
  readonly now: number;
}

/** The whole picture of a subject as a message; the operation that found it out, where one did. */
export function snapshotOf(subject: Subject, operationId: string | null, telling: Telling): Envelope {
  const observedAt = new Date(telling.now).toISOString();
  const address = addressOf(subject, observedAt, telling);
  const head = { subject_id: subject.id, seq: subject.seq, op_id: operationId, observed_at: observedAt };
  switch (subject.kind) {
    case 'payment': {
      const { phase, providerRef, record } = subject.picture;
      return produce(paymentState, address, {
        ...head,
        phase,
        provider_ref: record.booked?.providerRef ?? providerRef,
        amount: record.booked?.amountMinor ?? record.amountMinor,
        next_action: record.nextAction,
        payment_methods: [...record.paymentMethods],
        slip: record.slip,
        cancel: record.cancel,
        failure: record.failure,
        evidence: record.evidence,
      });
    }
    case 'refund': {
      const { phase, providerRef, record } = subject.picture;
      return produce(refundState, address, {
        ...head,
        phase,
        provider_ref: providerRef,
        purchase_ref: record.purchaseRef,
        amount: record.amountMinor,
        next_action: record.nextAction,
        failure: record.failure,
        evidence: record.evidence,
      });
    }
    case 'connection': {
      const { version, reason, tradePoints } = subject.record;
      return produce(connectionState, address, {
        ...head,
        connection_version: version,
        // A connection that was never asked has nothing to tell, and `unknown` never gets this far.
        health: subject.health === 'unknown' ? 'down' : subject.health,
        reason,
        trade_points: tradePoints === null ? null : [...tradePoints],
      });
    }
    case 'device':
      return produce(deviceState, address, {
        ...head,
        connection_id: subject.connectionId,
        status: subject.status === 'accepted' ? 'pending' : subject.status,
        failure: subject.record.failure,
      });
  }
}

/** The light news that the buyer has begun; may be lost. */
export function progressOf(subject: AddressedSubject, until: number, telling: Telling): Envelope {
  const observedAt = new Date(telling.now).toISOString();
  return produce(paymentProgress, addressOf(subject, observedAt, telling), {
    subject_id: subject.id,
    observed_at: observedAt,
    phase: 'processing',
    expires_at: new Date(until).toISOString(),
  });
}

type AddressedSubject = Pick<Subject, 'id' | 'tenant' | 'mode' | 'traceparent'>;

/** Where news of a subject goes; its trace is the span that found it out, or else the request that began it all. */
function addressOf(subject: AddressedSubject, time: string, telling: Telling): Addressed {
  const traceparent = currentTraceparent() ?? subject.traceparent;
  return {
    id: telling.newId(),
    source: telling.source,
    subject: subject.id,
    time,
    tenant: subject.tenant,
    mode: subject.mode,
    topic: EVENTS_TOPIC,
    key: subject.id,
    ...(traceparent === null ? {} : { traceparent }),
  };
}
