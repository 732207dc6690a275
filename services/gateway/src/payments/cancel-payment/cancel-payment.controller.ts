import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { IdPipe } from '../../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../../http/origin.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
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

  /** Asks for a cancel. `cancel.result` tells what became of it. */
  @Post(':id/cancel')
  @HttpCode(200)
  @Requires('payments:write')
  cancel(
    @CallerKey() caller: KeyAuth,
    @Param('id', new IdPipe('pay', 'payment')) id: string,
    @Body({ schema: cancelPaymentSchema }) body: CancelPaymentBody,
    @CallOrigin() origin: Origin,
  ): Promise<Answer> {
    return this.cancelPayment.run(caller, { id }, body?.reason, origin.traceparent);
  }

  /** Voids whatever a create with this key made or may still make. */
  @Post('cancel_by_key')
  @HttpCode(200)
  @Requires('payments:write')
  cancelByKey(
    @CallerKey() caller: KeyAuth,
    @Body({ schema: cancelByKeySchema }) body: CancelByKeyBody,
    @CallOrigin() origin: Origin,
  ): Promise<Answer> {
    return this.cancelPayment.run(caller, { key: body.key }, body.reason, origin.traceparent);
  }
}
