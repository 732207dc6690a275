import { type Clock, idFromUuid } from '@tolem/domain';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import { ApiProblem, notFound } from '../../http/api-problem.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { IdPipe } from '../../http/id-pipe.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { CLOCK } from '../../tokens.ts';
import { PaymentStore } from '../payment-store.ts';
import { paymentView } from '../payment.view.ts';
import { QR_PROBLEMS, qrPngAnswer, type QrSize, qrSizeSchema, qrSvgAnswer, qrTextAnswer } from './qr-answers.ts';

const id = new IdPipe('pay', 'payment');

/** The QR of a payment or of its link, for tills that draw none themselves. Gone as soon as the buyer has nothing to scan any more. */
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
    return qrTextAnswer(await this.#content(caller, payment));
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
    @Query({ schema: qrSizeSchema }) { size }: QrSize,
  ): Promise<Answer> {
    return qrSvgAnswer(await this.#content(caller, payment), size);
  }

  @Get(':id/qr.png')
  @Requires('payments:read')
  @Operation({ tag: 'Payments', summary: 'The QR as a picture', mediaType: 'image/png', problems: QR_PROBLEMS })
  async png(
    @CallerKey() caller: KeyAuth,
    @Param('id', id) payment: string,
    @Query({ schema: qrSizeSchema }) { size }: QrSize,
  ): Promise<Answer> {
    return qrPngAnswer(await this.#content(caller, payment), size);
  }

  async #content(caller: KeyAuth, payment: string): Promise<string> {
    const row = await this.store.read(caller, { id: payment });
    if (row === undefined) throw notFound('payment');
    const action = paymentView(row, this.clock.now()).next_action;
    const qr = action?.qr ?? action?.link;
    if (qr === undefined) {
      throw new ApiProblem(404, 'qr_not_available', `There is no QR to show: the payment is ${row.status}.`, {
        extra: { payment: { id: idFromUuid('pay', row.id), status: row.status } },
      });
    }
    return qr;
  }
}
