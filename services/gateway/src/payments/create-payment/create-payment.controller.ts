import { Body, Controller, Post, Query } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import { type Attempt, CreationAttempt } from '../../http/attempt.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { CallOrigin, type Origin } from '../../http/origin.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { PAYMENT_EXAMPLE } from '../payment.example.ts';
import { paymentViewSchema } from '../payment.view.ts';
import { ClientGone } from '../waiting/client-gone.ts';
import { type WaitQuery, waitQuerySchema } from '../waiting/wait-query.ts';
import { type CreatePaymentBody, createPaymentExample, createPaymentSchema } from './create-payment.schema.ts';
import { CreatePayment } from './create-payment.ts';

@Controller('v1/payments')
export class CreatePaymentController {
  constructor(private readonly createPayment: CreatePayment) {}

  @Post()
  @Requires('payments:write')
  @Operation({
    tag: 'Payments',
    summary: 'Start a payment',
    description:
      'With `wait` the answer comes as soon as there is something for the cashier to do, such as a QR to show, or a final state: one call from the basket to the QR. ' +
      'A declined payment is a state, not an error. A repeat with the same Idempotency-Key attaches to the same payment and may wait too.',
    status: 201,
    answer: paymentViewSchema,
    example: PAYMENT_EXAMPLE,
    bodyExample: createPaymentExample,
    idempotencyKey: 'required',
    problems: {
      400: ['invalid_json', 'invalid_request'],
      404: ['not_found'],
      409: ['reference_locked', 'invoice_in_doubt'],
      413: ['body_too_large'],
      415: ['unsupported_media_type'],
      422: [
        'currency_not_supported',
        'amount_too_large',
        'items_invalid',
        'organization_archived',
        'connection_required',
        'connection_not_ready',
        'method_not_available',
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
    @Body({ schema: createPaymentSchema }) body: CreatePaymentBody,
    @Query({ schema: waitQuerySchema }) query: WaitQuery,
    @CallOrigin() origin: Origin,
    @ClientGone() gone: AbortSignal,
  ): Promise<Answer> {
    const waitMs = (query.wait ?? 0) * 1000;
    return this.createPayment.run({ caller, attempt, body, waitMs, gone, traceparent: origin.traceparent });
  }
}
