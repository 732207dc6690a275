import { type Clock, idFromUuid, isFinal } from '@tolem/domain';
import { Inject, Injectable } from '@nestjs/common';
import { Answer } from '../../http/answer.ts';
import { ApiProblem, notFound } from '../../http/api-problem.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { CLOCK } from '../../tokens.ts';
import type { PaymentRow } from '../payment-row.ts';
import { type PaymentAddress, PaymentStore } from '../payment-store.ts';
import { paymentView } from '../payment.view.ts';
import { PaymentWaiters } from '../waiting/payment-waiters.ts';
import { retryAfter } from '../waiting/retry-after.ts';

/** A payment as it is, or at its next change. */
@Injectable()
export class ReadPayment {
  constructor(
    private readonly store: PaymentStore,
    private readonly waiters: PaymentWaiters,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async now(caller: KeyAuth, address: PaymentAddress): Promise<Answer> {
    return this.#answer(await this.#read(caller, address));
  }

  /** Answers at the next change of its version, at once where it is final, and at the end of the wait. */
  async atNextChange(caller: KeyAuth, id: string, waitMs: number, gone: AbortSignal): Promise<Answer> {
    if (waitMs === 0) return this.now(caller, { id });
    const watch = this.waiters.watch(idFromUuid('pay', id), gone);
    if (watch === undefined) throw tooManyWaiters();
    try {
      const read = (): Promise<PaymentRow> => this.#read(caller, { id });
      const first = await read();
      const isEnough = (row: PaymentRow): boolean => isFinal(row.status) || row.version !== first.version;
      return this.#answer(await watch.until(first, read, isEnough, waitMs));
    } finally {
      watch.close();
    }
  }

  async #read(caller: KeyAuth, address: PaymentAddress): Promise<PaymentRow> {
    const row = await this.store.read(caller, address);
    if (row === undefined) throw notFound('payment');
    return row;
  }

  #answer(row: PaymentRow): Answer {
    const headers = { ...retryAfter(row.status), ...this.waiters.farewell() };
    return new Answer(200, paymentView(row, this.clock.now()), headers);
  }
}

function tooManyWaiters(): ApiProblem {
  const detail = 'Too many requests wait for news at this moment. Ask without `wait`, or repeat the request.';
  return new ApiProblem(503, 'service_overloaded', detail, { retryable: true, retryAfterS: 1 });
}
