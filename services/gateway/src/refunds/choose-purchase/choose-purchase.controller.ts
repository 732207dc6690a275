import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { IdPipe } from '../../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../../http/origin.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { ClientGone } from '../../payments/waiting/client-gone.ts';
import { type WaitQuery, waitQuerySchema } from '../../payments/waiting/wait-query.ts';
import { refundViewSchema } from '../refund.view.ts';
import { type ChoosePurchaseBody, choosePurchaseSchema } from './choose-purchase.schema.ts';
import { ChoosePurchase } from './choose-purchase.ts';

@Controller('v1/refunds')
export class ChoosePurchaseController {
  constructor(private readonly choosePurchase: ChoosePurchase) {}

  @Post(':id/choose')
  @HttpCode(200)
  @Requires('refunds:write')
  @Operation({
    tag: 'Refunds',
    summary: 'Name the purchase that the buyer wants back',
    description:
      'While `next_action.type` is `choose_purchase`. Where the purchase is a payment of yours its amount is reserved; one that was not made through this API is refunded all the same. ' +
      'The same choice again changes nothing.',
    answer: refundViewSchema,
    bodyExample: { purchase: '16600000017', amount: 49_000 },
    problems: {
      400: ['invalid_request'],
      404: ['not_found'],
      409: ['refund_not_waiting', 'refund_already_chosen', 'payment_not_refundable', 'refund_in_doubt'],
      422: ['purchase_not_offered', 'refund_too_much'],
    },
  })
  choose(
    @CallerKey() caller: KeyAuth,
    @Param('id', new IdPipe('ref', 'refund')) id: string,
    @Body({ schema: choosePurchaseSchema }) body: ChoosePurchaseBody,
    @Query({ schema: waitQuerySchema }) query: WaitQuery,
    @CallOrigin() origin: Origin,
    @ClientGone() gone: AbortSignal,
  ): Promise<Answer> {
    const waitMs = (query.wait ?? 0) * 1000;
    return this.choosePurchase.run({ caller, id, body, waitMs, gone, traceparent: origin.traceparent });
  }
}
