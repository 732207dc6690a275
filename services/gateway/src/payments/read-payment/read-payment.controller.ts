import { Controller, Get, Param, Query } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { IdPipe } from '../../http/id-pipe.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { ClientGone } from '../waiting/client-gone.ts';
import { type WaitQuery, waitQuerySchema } from '../waiting/wait-query.ts';
import { ReadPayment } from './read-payment.ts';

@Controller('v1/payments')
export class ReadPaymentController {
  constructor(private readonly readPayment: ReadPayment) {}

  /** One payment. With `wait` the answer comes at its next change. */
  @Get(':id')
  @Requires('payments:read')
  read(
    @CallerKey() caller: KeyAuth,
    @Param('id', new IdPipe('pay', 'payment')) id: string,
    @Query({ schema: waitQuerySchema }) query: WaitQuery,
    @ClientGone() gone: AbortSignal,
  ): Promise<Answer> {
    return this.readPayment.atNextChange(caller, id, (query.wait ?? 0) * 1000, gone);
  }

  /** The payment that a create with this Idempotency-Key made. */
  @Get('by_key/:key')
  @Requires('payments:read')
  byKey(@CallerKey() caller: KeyAuth, @Param('key') key: string): Promise<Answer> {
    return this.readPayment.now(caller, { key });
  }
}
