import { type RefundCancel, refundCancel } from '@tolem/contracts';
import type { WakeUps } from '@tolem/coordination';
import { type Clock, idFromUuid, type IdFactory } from '@tolem/domain';
import type { OutboxRow } from '@tolem/persistence';
import { Inject, Injectable } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import { notFound } from '../../http/api-problem.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { OutboxRows } from '../../outbox-rows.ts';
import { CLOCK, IDS, WAKE_UPS } from '../../tokens.ts';
import { RefundAnswers } from '../refund-answers.ts';
import type { RefundRow } from '../refund-row.ts';
import { RefundStore } from '../refund-store.ts';

type CancelAnswer =
  | { readonly outcome: 'not_found' }
  | { readonly outcome: 'unchanged'; readonly refund: RefundRow }
  | {
      readonly outcome: 'requested';
      readonly refund: RefundRow;
      readonly body: RefundCancel;
      readonly outbox: readonly OutboxRow[];
    };

/** Asks to give a refund up, as long as no money has left for it; what becomes of that comes back with the facts. */
@Injectable()
export class CancelRefund {
  constructor(
    private readonly store: RefundStore,
    private readonly answers: RefundAnswers,
    private readonly outbox: OutboxRows,
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  /** @param id UUID */
  async run(caller: KeyAuth, id: string, reason: string | undefined, traceparent: string | undefined): Promise<Answer> {
    const answer = await this.store.one<CancelAnswer>('cancel_refund', caller, {
      id,
      reason: reason ?? null,
      now: new Date(this.clock.now()).toISOString(),
      event_id: this.ids.uuid(),
      outbox: this.outbox.forEveryProvider({
        definition: refundCancel,
        tenant: caller.tenant,
        mode: caller.mode,
        traceparent,
      }),
    });
    if (answer.outcome === 'not_found') throw notFound('refund');
    if (answer.outcome === 'requested') {
      this.outbox.publish(answer.outbox.map((row) => ({ ...row, body: answer.body })));
      this.wakeUps.wake([idFromUuid('ref', id)]);
    }
    return this.answers.found(answer.refund);
  }
}
