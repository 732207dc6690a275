import { type Envelope, paymentProgress, paymentState } from '@tolem/contracts';
import type { WakeUps } from '@tolem/coordination';
import { type Clock, idFromUuid, type IdFactory, uuidFromId } from '@tolem/domain';
import { UnreadableMessage } from '@tolem/messaging';
import { inSpan, type Logger } from '@tolem/observability';
import type { Database, OutboxRow } from '@tolem/persistence';
import { Inject, Injectable } from '@nestjs/common';
import type { AttentionKind } from '../../attention/attention.ts';
import { CLOCK, IDS, LOGGER, WAKE_UPS, WORKER_DATABASE } from '../../tokens.ts';
import { OutboxRows } from '../../outbox-rows.ts';
import type { PaymentRow } from '../payment-row.ts';
import { Waiters } from '../waiting/waiters.ts';
import { lateMoney } from '../late-money.ts';
import { toldAgain } from '../refresh-payment/told-again.ts';
import { newestFacts, type PaymentFact, progressFact, stateFact } from './payment-fact.ts';

interface Applied {
  /** UUID. */
  readonly payment_id: string;
  readonly outcome: 'changed' | 'unknown_payment';
  /** Kinds of attention that were opened. */
  readonly raised: readonly AttentionKind[];
  /** The payment as it is now, where somebody here waits for it. */
  readonly payment: PaymentRow | null;
  /** The command that sends late money back, where one was written. */
  readonly messages: readonly OutboxRow[] | null;
}

/**
 * Facts of providers into payments: the whole batch in one round trip, then the waiters are woken. Repeats, other orders
 * and other batches end in the same state.
 */
@Injectable()
export class ApplyPaymentFacts {
  constructor(
    @Inject(WORKER_DATABASE) private readonly db: Database,
    private readonly waiters: Waiters,
    private readonly outbox: OutboxRows,
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async run(batch: readonly Envelope[]): Promise<void> {
    const facts = newestFacts(batch.flatMap((message) => this.#factOf(message) ?? []));
    if (facts.length === 0) return;
    const watched = this.waiters.watched(facts.map((fact) => idFromUuid('pay', fact.payment)));
    const applied = await this.db.query<Applied>(
      'SELECT * FROM apply_payment_facts($1::jsonb, $2, $3::uuid[], $4::jsonb)',
      [
        JSON.stringify(facts),
        new Date(this.clock.now()),
        watched.map((id) => uuidFromId('pay', id)),
        JSON.stringify(lateMoney(this.outbox)),
      ],
    );
    const traces = new Map(batch.map((message) => [message.subject, message.traceparent]));
    for (const one of applied) {
      const payment = idFromUuid('pay', one.payment_id);
      if (one.payment !== null) this.waiters.bring(payment, one.payment);
      await inSpan('payment.applied', { kind: 'consumer', parent: traces.get(payment) }, () =>
        this.wakeUps.wake([payment]),
      );
      if (one.messages !== null) this.outbox.publish(one.messages);
      this.#report(one);
    }
    this.#tellWhoAsked(facts, applied);
  }

  /** Who has asked anew learns that the answer brings nothing new, instead of waiting for news until the wait is over. */
  #tellWhoAsked(facts: readonly PaymentFact[], applied: readonly Applied[]): void {
    const changed = new Set(applied.map((one) => one.payment_id));
    const same = facts.filter((fact) => fact.kind === 'state' && !changed.has(fact.payment));
    if (same.length > 0) this.wakeUps.wake(same.map((fact) => toldAgain(idFromUuid('pay', fact.payment))));
  }

  #factOf(message: Envelope): PaymentFact | undefined {
    const parsed =
      message.type === paymentProgress.type
        ? paymentProgress.consume.safeParse(message.body)
        : paymentState.consume.safeParse(message.body);
    if (!parsed.success)
      throw new UnreadableMessage(`a message of type ${message.type} breaks its schema`, { cause: parsed.error });
    const fact = 'seq' in parsed.data ? stateFact(parsed.data, this.ids) : progressFact(parsed.data, this.ids);
    if (fact === undefined) {
      this.logger.warn(
        { message: message.id, subject: message.subject },
        'a fact about a payment says nothing that this release understands',
      );
    }
    return fact;
  }

  #report({ payment_id, outcome, raised }: Applied): void {
    const payment = idFromUuid('pay', payment_id);
    if (outcome === 'unknown_payment') this.logger.error({ payment }, 'a provider tells of a payment that is not here');
    if (raised.length === 0) return;
    // Late money and lost answers happen in every shop; an answer that does not fit its payment must not.
    const level = raised.some((kind) => kind.endsWith('_mismatch')) ? 'error' : 'warn';
    this.logger[level]({ payment, attention: raised }, 'a person must look at a payment');
  }
}
