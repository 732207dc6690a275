import { PROVIDERS } from '@tolem/contracts';
import { Body, Controller, Post } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import { type Attempt, CreationAttempt } from '../../http/attempt.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { createPaymentExample } from '../create-payment/create-payment.schema.ts';
import { paymentViewSchema } from '../payment.view.ts';
import { type ImportPaymentBody, importPaymentSchema } from './import-payment.schema.ts';
import { ImportPayment } from './import-payment.ts';

@Controller('v1/payments')
export class ImportPaymentController {
  constructor(private readonly importPayment: ImportPayment) {}

  @Post('import')
  @Requires('payments:write')
  @Operation({
    tag: 'Payments',
    summary: 'Take in a sale that was made before, so that it can be refunded',
    description:
      'The payment is `succeeded` and `imported` from the beginning; nothing is sent to the provider. Its event is `payment.imported`, never `payment.succeeded`.',
    status: 201,
    answer: paymentViewSchema,
    bodyExample: {
      organization: createPaymentExample.organization,
      desk: createPaymentExample.desk,
      provider_ref: '16600000017',
      amount: createPaymentExample.amount,
      currency: PROVIDERS[0]?.currency,
      method: createPaymentExample.method,
      paid_at: '2026-03-01T10:15:00+05:00',
    },
    idempotencyKey: 'required',
    problems: {
      400: ['invalid_request'],
      404: ['not_found'],
      409: ['payment_already_known', 'reference_locked'],
      422: [
        'currency_not_supported',
        'paid_in_future',
        'amount_too_large',
        'connection_required',
        'method_not_available',
        'desk_required',
        'trade_point_required',
        'trade_point_unknown',
        'desk_of_other_organization',
        'desk_in_other_trade_point',
      ],
    },
  })
  import(
    @CallerKey() caller: KeyAuth,
    @CreationAttempt() attempt: Attempt,
    @Body({ schema: importPaymentSchema }) body: ImportPaymentBody,
  ): Promise<Answer> {
    return this.importPayment.run(caller, attempt, body);
  }
}
