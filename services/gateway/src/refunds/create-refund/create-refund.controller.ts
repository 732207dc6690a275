import { Body, Controller, Post, Query } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import { type Attempt, CreationAttempt } from '../../http/attempt.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { CallOrigin, type Origin } from '../../http/origin.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { ClientGone } from '../../payments/waiting/client-gone.ts';
import { type WaitQuery, waitQuerySchema } from '../../payments/waiting/wait-query.ts';
import { REFUND_EXAMPLE } from '../refund.example.ts';
import { refundViewSchema } from '../refund.view.ts';
import { type CreateRefundBody, createRefundSchema } from './create-refund.schema.ts';
import { CreateRefund } from './create-refund.ts';

@Controller('v1/refunds')
export class CreateRefundController {
  constructor(private readonly createRefund: CreateRefund) {}

  @Post()
  @Requires('refunds:write')
  @Operation({
    tag: 'Refunds',
    summary: 'Start a refund',
    description:
      'The amount is reserved on the payment before anything is sent, so refunds never exceed what was paid, however many are asked for at once. ' +
      'How money goes back is a matter of the connection: at once; with the buyer, who scans a code and may also pick the purchase (`next_action`); or by hand in an app of the provider, ' +
      'which answers `refund_not_supported` with what the cashier must do and is recorded with `source: external` afterwards. A failed refund is a state, not an error.',
    status: 201,
    answer: refundViewSchema,
    example: REFUND_EXAMPLE,
    bodyExample: { payment: REFUND_EXAMPLE.payment, amount: REFUND_EXAMPLE.amount, reason: 'The goods came back' },
    idempotencyKey: 'required',
    problems: {
      400: ['invalid_json', 'invalid_request'],
      404: ['not_found'],
      409: ['payment_not_refundable', 'refund_in_doubt'],
      422: [
        'refund_too_much',
        'refund_not_supported',
        'payment_required',
        'lines_not_supported',
        'amount_too_large',
        'connection_required',
        'connection_not_ready',
        'trade_point_required',
        'trade_point_unknown',
        'desk_of_other_organization',
        'desk_in_other_trade_point',
      ],
      503: ['service_overloaded', 'provider_unavailable'],
    },
  })
  create(
    @CallerKey() caller: KeyAuth,
    @CreationAttempt() attempt: Attempt,
    @Body({ schema: createRefundSchema }) body: CreateRefundBody,
    @Query({ schema: waitQuerySchema }) query: WaitQuery,
    @CallOrigin() origin: Origin,
    @ClientGone() gone: AbortSignal,
  ): Promise<Answer> {
    const waitMs = (query.wait ?? 0) * 1000;
    return this.createRefund.run({ caller, attempt, body, waitMs, gone, traceparent: origin.traceparent });
  }
}
