import { Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { IdPipe } from '../../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../../http/origin.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { paymentViewSchema } from '../payment.view.ts';
import { ClientGone } from '../waiting/client-gone.ts';
import { type WaitQuery, waitQuerySchema } from '../waiting/wait-query.ts';
import { RefreshPayment } from './refresh-payment.ts';

@Controller('v1/payments')
export class RefreshPaymentController {
  constructor(private readonly refreshPayment: RefreshPayment) {}

  @Post(':id/refresh')
  @HttpCode(200)
  @Requires('payments:read')
  @Operation({
    tag: 'Payments',
    summary: 'Ask the provider now',
    description:
      'For payments that nobody asks about by the clock, such as an invoice, and for one that is unknown or ended unpaid. The provider is asked at most once in ten seconds per payment; ' +
      'who comes sooner gets what is known, and `Retry-After` says when it can be asked again. With `wait` the answer comes when the provider has answered.',
    answer: paymentViewSchema,
    problems: { 400: ['invalid_request'], 404: ['not_found'] },
  })
  refresh(
    @CallerKey() caller: KeyAuth,
    @Param('id', new IdPipe('pay', 'payment')) id: string,
    @Query({ schema: waitQuerySchema }) query: WaitQuery,
    @CallOrigin() origin: Origin,
    @ClientGone() gone: AbortSignal,
  ): Promise<Answer> {
    const waitMs = (query.wait ?? 0) * 1000;
    return this.refreshPayment.run({ caller, id, waitMs, gone, traceparent: origin.traceparent });
  }
}
