import { idFromUuid, isFinalRefund } from '@tolem/domain';
import { Injectable } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { tooManyWaiters } from '../../payments/waiting/too-many-waiters.ts';
import { Waiters } from '../../payments/waiting/waiters.ts';
import { RefundAnswers } from '../refund-answers.ts';
import type { RefundRow } from '../refund-row.ts';
import { RefundStore } from '../refund-store.ts';

/** A refund as it is, or at its next change. */
@Injectable()
export class ReadRefund {
  constructor(
    private readonly store: RefundStore,
    private readonly answers: RefundAnswers,
    private readonly waiters: Waiters,
  ) {}

  /** Answers at the next change of its version, at once where it is final, and at the end of the wait. @param id UUID */
  async atNextChange(caller: KeyAuth, id: string, waitMs: number, gone: AbortSignal): Promise<Answer> {
    const read = (): Promise<RefundRow> => this.store.read(caller, id);
    if (waitMs === 0) return this.answers.found(await read());
    const row = await this.waiters.readUntil({
      id: idFromUuid('ref', id),
      waitMs,
      gone,
      read,
      isEnough: (now, first) => isFinalRefund(now.status) || now.version !== first.version,
    });
    if (row === undefined) throw tooManyWaiters();
    return this.answers.found(row);
  }
}
