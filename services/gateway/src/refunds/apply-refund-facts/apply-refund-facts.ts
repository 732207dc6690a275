import { type Envelope, refundState } from '@tolem/contracts';
import type { WakeUps } from '@tolem/coordination';
import { type Clock, idFromUuid, type IdFactory, uuidFromId } from '@tolem/domain';
import { inSpan, type Logger } from '@tolem/observability';
import type { Database } from '@tolem/persistence';
import { Inject, Injectable } from '@nestjs/common';
import type { AttentionKind } from '../../attention/attention.ts';
import { bodyOf } from '../../message-body.ts';
import { Waiters } from '../../payments/waiting/waiters.ts';
import { CLOCK, IDS, LOGGER, WAKE_UPS, WORKER_DATABASE } from '../../tokens.ts';
import type { RefundRow } from '../refund-row.ts';
import { newestRefundFacts, type RefundFact, refundFact } from './refund-fact.ts';

interface Applied {
  /** UUID. */
  readonly refund_id: string;
  readonly outcome: 'changed' | 'unknown_refund';
  /** Kinds of attention that were opened. */
  readonly raised: readonly AttentionKind[];
  /** UUID of the payment whose reservation was spent or given back. */
  readonly moved_payment: string | null;
  /** The refund as it is now, where somebody here waits for it. */
  readonly refund: RefundRow | null;
}

/**
 * Facts of providers into refunds and into the accounts of their payments: the whole batch in one round trip, then the
 * waiters are woken. Repeats, other orders and other batches end in the same state.
 */
@Injectable()
export class ApplyRefundFacts {
  constructor(
    @Inject(WORKER_DATABASE) private readonly db: Database,
    private readonly waiters: Waiters,
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async run(batch: readonly Envelope[]): Promise<void> {
    const facts = newestRefundFacts(batch.flatMap((message) => this.#factOf(message) ?? []));
    if (facts.length === 0) return;
    const watched = this.waiters.watched(facts.map((fact) => idFromUuid('ref', fact.refund)));
    const applied = await this.db.query<Applied>('SELECT * FROM apply_refund_facts($1::jsonb, $2, $3::uuid[])', [
      JSON.stringify(facts),
      new Date(this.clock.now()),
      watched.map((id) => uuidFromId('ref', id)),
    ]);
    const traces = new Map(batch.map((message) => [message.subject, message.traceparent]));
    for (const one of applied) {
      const refund = idFromUuid('ref', one.refund_id);
      if (one.refund !== null) this.waiters.bring(refund, one.refund);
      const payment = one.moved_payment === null ? [] : [idFromUuid('pay', one.moved_payment)];
      await inSpan('refund.applied', { kind: 'consumer', parent: traces.get(refund) }, () =>
        this.wakeUps.wake([refund, ...payment]),
      );
      this.#report(refund, one);
    }
  }

  #factOf(message: Envelope): RefundFact | undefined {
    const fact = refundFact(bodyOf(refundState, message), this.ids);
    if (fact === undefined) {
      this.logger.warn(
        { message: message.id, subject: message.subject },
        'a fact about a refund says nothing that this release understands',
      );
    }
    return fact;
  }

  #report(refund: string, { outcome, raised }: Applied): void {
    if (outcome === 'unknown_refund') this.logger.error({ refund }, 'a provider tells of a refund that is not here');
    if (raised.length === 0) return;
    // Lost answers happen in every shop; an answer that does not fit its refund, or takes an end back, must not.
    const level = raised.every((kind) => kind === 'unknown' || kind === 'late') ? 'warn' : 'error';
    this.logger[level]({ refund, attention: raised }, 'a person must look at a refund');
  }
}
