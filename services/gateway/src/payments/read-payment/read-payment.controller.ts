import { Controller, Get, Param, Query } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { IdPipe } from '../../http/id-pipe.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { PAYMENT_EXAMPLE } from '../payment.example.ts';
import { paymentViewSchema } from '../payment.view.ts';
import { ClientGone } from '../waiting/client-gone.ts';
import { type WaitQuery, waitQuerySchema } from '../waiting/wait-query.ts';
import { ReadPayment } from './read-payment.ts';

@Controller('v1/payments')
export class ReadPaymentController {
  constructor(private readonly readPayment: ReadPayment) {}

  @Get(':id')
  @Requires('payments:read')
  @Operation({
    tag: 'Payments',
    summary: 'Look at a payment, or wait for its next change',
    description:
      'With `wait` the answer comes at the next change, at once where the payment is final, and at the end of the wait otherwise. `Retry-After` says when to ask again.',
    answer: paymentViewSchema,
    example: PAYMENT_EXAMPLE,
    problems: { 400: ['invalid_request'], 404: ['not_found'], 503: ['service_overloaded'] },
  })
  read(
    @CallerKey() caller: KeyAuth,
    @Param('id', new IdPipe('pay', 'payment')) id: string,
    @Query({ schema: waitQuerySchema }) query: WaitQuery,
    @ClientGone() gone: AbortSignal,
  ): Promise<Answer> {
    return this.readPayment.atNextChange(caller, id, (query.wait ?? 0) * 1000, gone);
  }

  @Get('by_key/:key')
  @Requires('payments:read')
  @Operation({
    tag: 'Payments',
    summary: 'Find the payment that a create with this Idempotency-Key made',
    answer: paymentViewSchema,
    problems: { 404: ['not_found'] },
  })
  byKey(@CallerKey() caller: KeyAuth, @Param('key') key: string): Promise<Answer> {
    return this.readPayment.now(caller, { key });
  }
}
