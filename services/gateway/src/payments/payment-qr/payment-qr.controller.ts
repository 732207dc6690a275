import { type Clock, idFromUuid } from '@tolem/domain';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { Answer } from '../../http/answer.ts';
import { ApiProblem, notFound } from '../../http/api-problem.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { IdPipe } from '../../http/id-pipe.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { CLOCK } from '../../tokens.ts';
import { PaymentStore } from '../payment-store.ts';
import { paymentView } from '../payment.view.ts';
import { DEFAULT_QR_SIZE, MAX_QR_SIZE, MIN_QR_SIZE, qrPng, qrSvg } from './qr-picture.ts';

const sizeSchema = z.strictObject({
  size: z.coerce
    .number()
    .int()
    .min(MIN_QR_SIZE)
    .max(MAX_QR_SIZE)
    .default(DEFAULT_QR_SIZE)
    .describe('Pixels of one side.'),
});
type SizeQuery = z.infer<typeof sizeSchema>;

const id = new IdPipe('pay', 'payment');

const QR_PROBLEMS = { 400: ['invalid_request'], 404: ['not_found', 'qr_not_available'] };

/** The QR of a payment, for tills that draw none themselves. Gone as soon as the buyer has nothing to scan any more. */
@Controller('v1/payments')
export class PaymentQrController {
  constructor(
    private readonly store: PaymentStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get(':id/qr.txt')
  @Requires('payments:read')
  @Operation({ tag: 'Payments', summary: 'The QR as text', mediaType: 'text/plain', problems: QR_PROBLEMS })
  async text(@CallerKey() caller: KeyAuth, @Param('id', id) payment: string): Promise<Answer> {
    return picture('text/plain; charset=utf-8', await this.#content(caller, payment));
  }

  @Get(':id/qr.svg')
  @Requires('payments:read')
  @Operation({
    tag: 'Payments',
    summary: 'The QR as a vector picture',
    mediaType: 'image/svg+xml',
    problems: QR_PROBLEMS,
  })
  async svg(
    @CallerKey() caller: KeyAuth,
    @Param('id', id) payment: string,
    @Query({ schema: sizeSchema }) { size }: SizeQuery,
  ): Promise<Answer> {
    return picture('image/svg+xml; charset=utf-8', await qrSvg(await this.#content(caller, payment), size));
  }

  @Get(':id/qr.png')
  @Requires('payments:read')
  @Operation({ tag: 'Payments', summary: 'The QR as a picture', mediaType: 'image/png', problems: QR_PROBLEMS })
  async png(
    @CallerKey() caller: KeyAuth,
    @Param('id', id) payment: string,
    @Query({ schema: sizeSchema }) { size }: SizeQuery,
  ): Promise<Answer> {
    return picture('image/png', await qrPng(await this.#content(caller, payment), size));
  }

  async #content(caller: KeyAuth, payment: string): Promise<string> {
    const row = await this.store.read(caller, { id: payment });
    if (row === undefined) throw notFound('payment');
    const qr = paymentView(row, this.clock.now()).next_action?.qr;
    if (qr === undefined) {
      throw new ApiProblem(404, 'qr_not_available', `There is no QR to show: the payment is ${row.status}.`, {
        extra: { payment: { id: idFromUuid('pay', row.id), status: row.status } },
      });
    }
    return qr;
  }
}

function picture(contentType: string, body: string | Buffer): Answer {
  return new Answer(200, body, { 'content-type': contentType, 'cache-control': 'no-store' });
}
