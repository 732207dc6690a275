import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { z } from 'zod';
import type { Answer } from '../../http/answer.ts';
import { notFound } from '../../http/api-problem.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { IdPipe } from '../../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../../http/origin.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { paymentViewSchema } from '../payment.view.ts';
import { ClientGone } from '../waiting/client-gone.ts';
import { EMULATED_STEPS, EmulatePayment } from './emulate-payment.ts';

/** A step has no arguments yet; what is sent for one is a mistake that the sender should hear of. */
const nothingSchema = z.strictObject({}).optional();

@Controller('v1/test/payments')
export class EmulatePaymentController {
  constructor(private readonly emulatePayment: EmulatePayment) {}

  @Post(':id/:step')
  @HttpCode(200)
  @Requires('payments:write')
  @ApiParam({ name: 'step', enum: EMULATED_STEPS })
  @Operation({
    tag: 'Payments',
    summary: 'Play the buyer in a test',
    description:
      "Test mode only: the provider's own test contour takes the buyer's step. `scan`, then `confirm`, pays; `scan_error` and, after a scan, `confirm_error` fail. " +
      'The answer is the payment as it is known at that moment; what came of the step follows as for every payment.',
    answer: paymentViewSchema,
    problems: {
      400: ['invalid_request'],
      403: ['test_mode_only'],
      404: ['not_found'],
      409: ['step_not_available', 'step_refused'],
      503: ['provider_unavailable', 'service_overloaded'],
      504: ['provider_timeout'],
    },
  })
  emulate(
    @CallerKey() caller: KeyAuth,
    @Param('id', new IdPipe('pay', 'payment')) id: string,
    @Param('step') named: string,
    @Body({ schema: nothingSchema }) _nothing: z.infer<typeof nothingSchema>,
    @CallOrigin() origin: Origin,
    @ClientGone() gone: AbortSignal,
  ): Promise<Answer> {
    const step = EMULATED_STEPS.find((known) => known === named);
    if (step === undefined) throw notFound('step');
    return this.emulatePayment.run({ caller, id, step, gone, traceparent: origin.traceparent });
  }
}
