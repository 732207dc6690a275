import { type Clock, idFromUuid, isFinal } from '@tolem/domain';
import { Inject, Injectable } from '@nestjs/common';
import { Answer } from '../../http/answer.ts';
import { notFound } from '../../http/api-problem.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { CLOCK } from '../../tokens.ts';
import type { PaymentRow } from '../payment-row.ts';
import { type PaymentAddress, PaymentStore } from '../payment-store.ts';
import { paymentView } from '../payment.view.ts';
import { Waiters } from '../waiting/waiters.ts';
import { retryAfter } from '../waiting/retry-after.ts';
import { tooManyWaiters } from '../waiting/too-many-waiters.ts';

/** A payment as it is, or at its next change. */
@Injectable()
export class ReadPayment {
  constructor(
    private readonly store: PaymentStore,
    private readonly waiters: Waiters,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async now(caller: KeyAuth, address: PaymentAddress): Promise<Answer> {
    return this.#answer(await this.#read(caller, address));
  }

  /** Answers at the next change of its version, at once where it is final, and at the end of the wait. */
  async atNextChange(caller: KeyAuth, id: string, waitMs: number, gone: AbortSignal): Promise<Answer> {
    if (waitMs === 0) return this.now(caller, { id });
    const row = await this.waiters.readUntil({
      id: idFromUuid('pay', id),
      waitMs,
      gone,
      read: () => this.#read(caller, { id }),
      isEnough: (now, first) => isFinal(now.status) || now.version !== first.version,
    });
    if (row === undefined) throw tooManyWaiters();
    return this.#answer(row);
  }

  async #read(caller: KeyAuth, address: PaymentAddress): Promise<PaymentRow> {
    const row = await this.store.read(caller, address);
    if (row === undefined) throw notFound('payment');
    return row;
  }

  #answer(row: PaymentRow): Answer {
    const headers = { ...retryAfter(row), ...this.waiters.farewell() };
    return new Answer(200, paymentView(row, this.clock.now()), headers);
  }
}
