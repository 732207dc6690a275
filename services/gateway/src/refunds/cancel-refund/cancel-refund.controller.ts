import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { IdPipe } from '../../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../../http/origin.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { type CancelPaymentBody, cancelPaymentSchema } from '../../payments/cancel-payment/cancel-payment.schema.ts';
import { refundViewSchema } from '../refund.view.ts';
import { CancelRefund } from './cancel-refund.ts';

@Controller('v1/refunds')
export class CancelRefundController {
  constructor(private readonly cancelRefund: CancelRefund) {}

  @Post(':id/cancel')
  @HttpCode(200)
  @Requires('refunds:write')
  @Operation({
    tag: 'Refunds',
    summary: 'Give a refund up',
    description:
      'A cancel is a request: the refund keeps its status until the provider has answered, and `cancel.result` tells what became of it. ' +
      'Once money may have left the result is `not_possible`; a refund that has ended stays as it is.',
    answer: refundViewSchema,
    bodyExample: { reason: 'The buyer left' },
    problems: { 400: ['invalid_request'], 404: ['not_found'] },
  })
  cancel(
    @CallerKey() caller: KeyAuth,
    @Param('id', new IdPipe('ref', 'refund')) id: string,
    @Body({ schema: cancelPaymentSchema }) body: CancelPaymentBody,
    @CallOrigin() origin: Origin,
  ): Promise<Answer> {
    return this.cancelRefund.run(caller, id, body?.reason, origin.traceparent);
  }
}
