import { Inject, Injectable } from '@nestjs/common';
import { type Clock, isFinalRefund, type RefundStatus } from '@tolem/domain';
import { Answer, created } from '../http/answer.ts';
import { Waiters } from '../payments/waiting/waiters.ts';
import { CLOCK } from '../tokens.ts';
import type { RefundRow } from './refund-row.ts';
import { refundView } from './refund.view.ts';

/** After how many seconds a client that does not wait should ask again, by how soon the next change is likely. */
const ASK_AGAIN_S: Readonly<Partial<Record<RefundStatus, number>>> = {
  pending: 1,
  requires_customer: 2,
  processing: 1,
  unknown: 5,
};

/** A refund as an answer, with when to ask again. */
@Injectable()
export class RefundAnswers {
  constructor(
    private readonly waiters: Waiters,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  found(row: RefundRow): Answer {
    return new Answer(200, refundView(row, this.clock.now()), this.#headers(row));
  }

  made(row: RefundRow, replayed: boolean): Answer {
    return created(replayed, refundView(row, this.clock.now()), this.#headers(row));
  }

  #headers({ status }: RefundRow): Record<string, string> {
    const seconds = ASK_AGAIN_S[status];
    return { ...(seconds === undefined ? {} : { 'retry-after': String(seconds) }), ...this.waiters.farewell() };
  }
}

/** There is something for the cashier to do, or nothing any more. */
export function hasNews({ status, next_action }: RefundRow): boolean {
  return isFinalRefund(status) || status === 'unknown' || (status === 'requires_customer' && next_action !== null);
}
