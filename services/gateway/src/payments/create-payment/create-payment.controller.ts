import { Body, Controller, Post, Query } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import { type Attempt, CreationAttempt } from '../../http/attempt.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { CallOrigin, type Origin } from '../../http/origin.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { ClientGone } from '../waiting/client-gone.ts';
import { type WaitQuery, waitQuerySchema } from '../waiting/wait-query.ts';
import { type CreatePaymentBody, createPaymentSchema } from './create-payment.schema.ts';
import { CreatePayment } from './create-payment.ts';

@Controller('v1/payments')
export class CreatePaymentController {
  constructor(private readonly createPayment: CreatePayment) {}

  /** Starts a payment. With `wait` the answer comes when there is something for the cashier to do. */
  @Post()
  @Requires('payments:write')
  create(
    @CallerKey() caller: KeyAuth,
    @CreationAttempt() attempt: Attempt,
    @Body({ schema: createPaymentSchema }) body: CreatePaymentBody,
    @Query({ schema: waitQuerySchema }) query: WaitQuery,
    @CallOrigin() origin: Origin,
    @ClientGone() gone: AbortSignal,
  ): Promise<Answer> {
    const waitMs = (query.wait ?? 0) * 1000;
    return this.createPayment.run({ caller, attempt, body, waitMs, gone, traceparent: origin.traceparent });
  }
}
