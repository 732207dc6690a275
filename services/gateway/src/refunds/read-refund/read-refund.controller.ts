import { Controller, Get, Param, Query } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { IdPipe } from '../../http/id-pipe.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { ClientGone } from '../../payments/waiting/client-gone.ts';
import { type WaitQuery, waitQuerySchema } from '../../payments/waiting/wait-query.ts';
import { REFUND_EXAMPLE } from '../refund.example.ts';
import { refundViewSchema } from '../refund.view.ts';
import { ReadRefund } from './read-refund.ts';

@Controller('v1/refunds')
export class ReadRefundController {
  constructor(private readonly readRefund: ReadRefund) {}

  @Get(':id')
  @Requires('payments:read', 'refunds:write')
  @Operation({
    tag: 'Refunds',
    summary: 'Look at a refund, or wait for its next change',
    description:
      'With `wait` the answer comes at the next change, at once where the refund has ended, and at the end of the wait otherwise. `Retry-After` says when to ask again.',
    answer: refundViewSchema,
    example: REFUND_EXAMPLE,
    problems: { 400: ['invalid_request'], 404: ['not_found'], 503: ['service_overloaded'] },
  })
  read(
    @CallerKey() caller: KeyAuth,
    @Param('id', new IdPipe('ref', 'refund')) id: string,
    @Query({ schema: waitQuerySchema }) query: WaitQuery,
    @ClientGone() gone: AbortSignal,
  ): Promise<Answer> {
    return this.readRefund.atNextChange(caller, id, (query.wait ?? 0) * 1000, gone);
  }
}
