import { type RefundChoose, refundChoose } from '@tolem/contracts';
import type { WakeUps } from '@tolem/coordination';
import { type Clock, idFromUuid, type IdFactory, isFinalRefund } from '@tolem/domain';
import type { OutboxRow } from '@tolem/persistence';
import { Inject, Injectable } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import { ApiProblem, notFound, unprocessable } from '../../http/api-problem.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { OutboxRows } from '../../outbox-rows.ts';
import { Waiters } from '../../payments/waiting/waiters.ts';
import { CLOCK, IDS, WAKE_UPS } from '../../tokens.ts';
import type { RefundRefusal } from '../create-refund/create-refund.answer.ts';
import { refundProblem } from '../create-refund/create-refund.problem.ts';
import { REFUND_START_WITHIN_MS } from '../create-refund/create-refund.ts';
import { RefundAnswers } from '../refund-answers.ts';
import type { RefundRow } from '../refund-row.ts';
import { RefundStore } from '../refund-store.ts';
import { refundView } from '../refund.view.ts';
import type { ChoosePurchaseBody } from './choose-purchase.schema.ts';

type ChooseAnswer =
  | { readonly outcome: 'not_found' | 'purchase_not_offered' }
  | { readonly outcome: 'unchanged' | 'already_chosen' | 'not_waiting'; readonly refund: RefundRow }
  | RefundRefusal
  | {
      readonly outcome: 'chosen';
      readonly refund: RefundRow;
      readonly body: RefundChoose;
      readonly outbox: readonly OutboxRow[];
    };

export interface ChoosePurchaseCall {
  readonly caller: KeyAuth;
  /** UUID. */
  readonly id: string;
  readonly body: ChoosePurchaseBody;
  readonly waitMs: number;
  readonly gone: AbortSignal;
  readonly traceparent: string | undefined;
}

/**
 * The buyer has shown himself, and the cashier names the purchase. Where it is one of ours the amount is reserved on it in
 * the statement that sends the choice; any other the provider alone can judge.
 */
@Injectable()
export class ChoosePurchase {
  constructor(
    private readonly store: RefundStore,
    private readonly answers: RefundAnswers,
    private readonly waiters: Waiters,
    private readonly outbox: OutboxRows,
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  async run(call: ChoosePurchaseCall): Promise<Answer> {
    const watch = call.waitMs > 0 ? this.waiters.watch<RefundRow>(idFromUuid('ref', call.id), call.gone) : undefined;
    try {
      const chosen = await this.#choose(call);
      const read = (): Promise<RefundRow> => this.store.read(call.caller, call.id);
      return this.answers.found((await watch?.until(chosen, read, hasOutcome, call.waitMs)) ?? chosen);
    } finally {
      watch?.close();
    }
  }

  async #choose({ caller, id, body, traceparent }: ChoosePurchaseCall): Promise<RefundRow> {
    const nowMs = this.clock.now();
    const answer = await this.store.one<ChooseAnswer>('choose_purchase', caller, {
      id,
      purchase: body.purchase,
      amount: body.amount ?? null,
      now: new Date(nowMs).toISOString(),
      choose_by: new Date(nowMs + REFUND_START_WITHIN_MS).toISOString(),
      event_id: this.ids.uuid(),
      outbox: this.outbox.forEveryProvider({
        definition: refundChoose,
        tenant: caller.tenant,
        mode: caller.mode,
        traceparent,
      }),
    });
    switch (answer.outcome) {
      case 'not_found':
        throw notFound('refund');
      case 'purchase_not_offered': {
        const detail = 'This is none of the purchases that the buyer was shown: see `next_action.purchases`.';
        throw unprocessable('purchase_not_offered', '/purchase', detail);
      }
      case 'already_chosen':
        throw conflict('refund_already_chosen', 'Another purchase or amount was chosen before.', answer.refund, nowMs);
      case 'not_waiting':
        throw conflict(
          'refund_not_waiting',
          'This refund does not wait for a purchase to be chosen.',
          answer.refund,
          nowMs,
        );
      case 'unchanged':
        return answer.refund;
      case 'chosen': {
        this.outbox.publish(answer.outbox.map((row) => ({ ...row, body: answer.body })));
        const { payment_id: payment } = answer.refund;
        this.wakeUps.wake([idFromUuid('ref', id), ...(payment === null ? [] : [idFromUuid('pay', payment)])]);
        return answer.refund;
      }
      default:
        throw refundProblem(answer);
    }
  }
}

/** After a choice only its end is news for the cashier. */
function hasOutcome({ status }: RefundRow): boolean {
  return isFinalRefund(status) || status === 'unknown';
}

function conflict(code: string, detail: string, refund: RefundRow, nowMs: number): ApiProblem {
  const { id, status, till } = refundView(refund, nowMs);
  return new ApiProblem(409, code, detail, { extra: { refund: { id, status, till } } });
}
