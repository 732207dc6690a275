import { type PaymentRefresh, paymentRefresh } from '@tolem/contracts';
import type { WakeUps } from '@tolem/coordination';
import { type Clock, idFromUuid, isFinal } from '@tolem/domain';
import type { OutboxRow } from '@tolem/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { Answer } from '../../http/answer.ts';
import { notFound } from '../../http/api-problem.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { OutboxRows } from '../../outbox-rows.ts';
import { CLOCK, WAKE_UPS } from '../../tokens.ts';
import type { PaymentRow } from '../payment-row.ts';
import { PaymentStore } from '../payment-store.ts';
import { paymentView } from '../payment.view.ts';
import { REFRESH_EVERY_S, retryAfter } from '../waiting/retry-after.ts';
import { Waiters } from '../waiting/waiters.ts';
import { toldAgain } from './told-again.ts';

type RefreshAnswer =
  | { readonly outcome: 'not_found' }
  | { readonly outcome: 'known'; readonly payment: PaymentRow; readonly wait_ms: number | null }
  | {
      readonly outcome: 'asked';
      readonly payment: PaymentRow;
      readonly body: PaymentRefresh;
      readonly outbox: readonly OutboxRow[];
    };

export interface RefreshCall {
  readonly caller: KeyAuth;
  /** UUID. */
  readonly id: string;
  readonly waitMs: number;
  readonly gone: AbortSignal;
  readonly traceparent: string | undefined;
}

/**
 * Asks the provider how a payment is because somebody wants to know now: at most once in ten seconds per payment, however
 * many people ask and wherever. Everybody else gets what is known.
 */
@Injectable()
export class RefreshPayment {
  constructor(
    private readonly store: PaymentStore,
    private readonly waiters: Waiters,
    private readonly outbox: OutboxRows,
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async run(call: RefreshCall): Promise<Answer> {
    const id = idFromUuid('pay', call.id);
    // Listens before it asks: the answer may come before this function hears of the commit.
    const watch = call.waitMs > 0 ? this.waiters.watch<PaymentRow>(id, call.gone) : undefined;
    const stopListening = this.wakeUps.listen(toldAgain(id), () => watch?.end());
    try {
      const answer = await this.#ask(call);
      // Also who came too soon waits: the answer to the question before may be on its way.
      const isEnough = (now: PaymentRow): boolean =>
        now.version !== answer.payment.version || (answer.outcome === 'known' && isFinal(now.status));
      const row = await watch?.until(answer.payment, () => this.#read(call), isEnough, call.waitMs);
      return this.#answer(row ?? answer.payment, answer.outcome === 'known' ? answer.wait_ms : REFRESH_EVERY_S * 1000);
    } finally {
      stopListening();
      watch?.close();
    }
  }

  async #ask({ caller, id, traceparent }: RefreshCall): Promise<Exclude<RefreshAnswer, { outcome: 'not_found' }>> {
    const [answer] = await this.store.call<RefreshAnswer>('refresh_payment', caller, {
      id,
      now: new Date(this.clock.now()).toISOString(),
      every_ms: REFRESH_EVERY_S * 1000,
      outbox: this.outbox.forEveryProvider({
        definition: paymentRefresh,
        tenant: caller.tenant,
        mode: caller.mode,
        traceparent,
      }),
    });
    if (answer === undefined || answer.outcome === 'not_found') throw notFound('payment');
    if (answer.outcome === 'asked') this.outbox.publish(answer.outbox.map((row) => ({ ...row, body: answer.body })));
    return answer;
  }

  async #read({ caller, id }: RefreshCall): Promise<PaymentRow> {
    const row = await this.store.read(caller, { id });
    if (row === undefined) throw notFound('payment');
    return row;
  }

  /** Not sooner than a repeat would ask again; nothing of a paid one changes by asking. */
  #answer(row: PaymentRow, waitMs: number | null): Answer {
    const again =
      waitMs === null || row.status === 'succeeded'
        ? retryAfter(row)
        : { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) };
    return new Answer(200, paymentView(row, this.clock.now()), { ...again, ...this.waiters.farewell() });
  }
}
