import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { IdPipe } from '../../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../../http/origin.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { paymentViewSchema } from '../payment.view.ts';
import {
  type CancelByKeyBody,
  cancelByKeySchema,
  type CancelPaymentBody,
  cancelPaymentSchema,
} from './cancel-payment.schema.ts';
import { CancelPayment } from './cancel-payment.ts';

@Controller('v1/payments')
export class CancelPaymentController {
  constructor(private readonly cancelPayment: CancelPayment) {}

  @Post(':id/cancel')
  @HttpCode(200)
  @Requires('payments:write')
  @Operation({
    tag: 'Payments',
    summary: 'Ask for a cancel',
    description:
      'A cancel is a request: the payment keeps its status until the provider has answered, and `cancel.result` tells what became of it. ' +
      'Until then the buyer may still pay. Where the result stays `pending`, as when the provider could not be reached, ask again: ' +
      'a repeat is sent to the provider anew, at most one in 10 s per payment, and moves `cancel.requested_at`; one that comes sooner changes nothing. ' +
      'On a paid payment the result is `not_possible`; a payment that ended unpaid stays as it is.',
    answer: paymentViewSchema,
    bodyExample: { reason: 'The buyer left' },
    problems: { 400: ['invalid_request'], 404: ['not_found'] },
  })
  cancel(
    @CallerKey() caller: KeyAuth,
    @Param('id', new IdPipe('pay', 'payment')) id: string,
    @Body({ schema: cancelPaymentSchema }) body: CancelPaymentBody,
    @CallOrigin() origin: Origin,
  ): Promise<Answer> {
    return this.cancelPayment.run(caller, { id }, body?.reason, origin.traceparent);
  }

  @Post('cancel_by_key')
  @HttpCode(200)
  @Requires('payments:write')
  @Operation({
    tag: 'Payments',
    summary: 'Void whatever a create with this Idempotency-Key made, or may still make',
    description:
      'For a create whose answer was lost. An unknown key leaves a canceled payment without amount behind, which a late create with that key gets instead of a start.',
    answer: paymentViewSchema,
    bodyExample: { key: 'sale-000917-1' },
    problems: { 400: ['invalid_request'] },
  })
  cancelByKey(
    @CallerKey() caller: KeyAuth,
    @Body({ schema: cancelByKeySchema }) body: CancelByKeyBody,
    @CallOrigin() origin: Origin,
  ): Promise<Answer> {
    return this.cancelPayment.run(caller, { key: body.key }, body.reason, origin.traceparent);
  }
}
