import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Answer } from '../http/answer.ts';
import type { KeyAuth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { CallOrigin, type Origin } from '../http/origin.ts';
import { CallerKey, Requires } from '../http/requires.ts';
import { ClientGone } from '../payments/waiting/client-gone.ts';
import { LookUpPayer } from './look-up-payer.ts';
import { type LookUpPayerBody, lookUpPayerSchema, payerViewSchema } from './payer.schema.ts';

@Controller('v1/payers')
export class PayersController {
  constructor(private readonly lookUpPayer: LookUpPayer) {}

  @Post('lookup')
  @HttpCode(200)
  @Requires('payments:write')
  @Operation({
    tag: 'Payments',
    summary: 'Ask whose phone it is, before an invoice goes there',
    description:
      'The provider is asked at once and has ten seconds. The name is for the cashier to compare; it is kept nowhere here. The provider limits such questions per desk: 429 says when to ask again.',
    answer: payerViewSchema,
    example: { object: 'payer', name: 'Aigerim S.' },
    bodyExample: { desk: 'desk-03', phone: '+77011234567' },
    problems: {
      400: ['invalid_request'],
      404: ['not_found', 'payer_not_found'],
      422: ['question_not_available', 'connection_not_ready'],
      429: ['rate_limited'],
      503: ['provider_unavailable', 'service_overloaded'],
      504: ['provider_timeout'],
    },
  })
  async lookUp(
    @CallerKey() caller: KeyAuth,
    @Body({ schema: lookUpPayerSchema }) body: LookUpPayerBody,
    @CallOrigin() origin: Origin,
    @ClientGone() gone: AbortSignal,
  ): Promise<Answer> {
    const payer = await this.lookUpPayer.run({ caller, body, gone, traceparent: origin.traceparent });
    return new Answer(200, payer, { 'cache-control': 'no-store' });
  }
}
