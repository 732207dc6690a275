import { type PaymentCancel, paymentCancel } from '@tolem/contracts';
import { type Clock, idFromUuid, type IdFactory } from '@tolem/domain';
import type { OutboxRow } from '@tolem/persistence';
import type { WakeUps } from '@tolem/coordination';
import { Inject, Injectable } from '@nestjs/common';
import { Answer } from '../../http/answer.ts';
import { notFound } from '../../http/api-problem.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { OutboxRows } from '../../outbox-rows.ts';
import { CLOCK, IDS, WAKE_UPS } from '../../tokens.ts';
import type { PaymentRow } from '../payment-row.ts';
import { type PaymentAddress, PaymentStore } from '../payment-store.ts';
import { paymentView } from '../payment.view.ts';
import { retryAfter } from '../waiting/retry-after.ts';

type CancelAnswer =
  | { readonly outcome: 'not_found' }
  | { readonly outcome: 'unchanged' | 'tombstone'; readonly payment: PaymentRow }
  | {
      readonly outcome: 'requested';
      readonly payment: PaymentRow;
      readonly body: PaymentCancel;
      readonly outbox: readonly OutboxRow[];
    };

/** Seconds between two cancels of one payment that are sent to its provider, however many people ask for them. */
const CANCEL_EVERY_S = 10;

/**
 * A cancel is a request, not a state: it is noted, sent to the provider's service, and what became of it comes back with
 * the facts. A second request attaches to the first; where that one is still pending after ten seconds it is sent anew,
 * because a provider that nobody could reach then may be there now.
 */
@Injectable()
export class CancelPayment {
  constructor(
    private readonly store: PaymentStore,
    private readonly outbox: OutboxRows,
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  async run(
    caller: KeyAuth,
    address: PaymentAddress,
    reason: string | undefined,
    traceparent: string | undefined,
  ): Promise<Answer> {
    const now = new Date(this.clock.now()).toISOString();
    const [answer] = await this.store.call<CancelAnswer>('cancel_payment', caller, {
      ...address,
      reason: reason ?? null,
      again_after_ms: CANCEL_EVERY_S * 1000,
      now,
      event_id: this.ids.uuid(),
      tombstone_id: this.ids.uuid(),
      outbox: this.outbox.forEveryProvider({
        definition: paymentCancel,
        tenant: caller.tenant,
        mode: caller.mode,
        traceparent,
      }),
    });
    if (answer === undefined || answer.outcome === 'not_found') throw notFound('payment');
    if (answer.outcome === 'requested') {
      this.outbox.publish(answer.outbox.map((row) => ({ ...row, body: answer.body })));
      this.wakeUps.wake([idFromUuid('pay', answer.payment.id)]);
    }
    return new Answer(200, paymentView(answer.payment, this.clock.now()), retryAfter(answer.payment));
  }
}
