import { type Clock, idFromUuid } from '@tolem/domain';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import type { Answer } from '../http/answer.ts';
import { ApiProblem } from '../http/api-problem.ts';
import type { KeyAuth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { IdPipe } from '../http/id-pipe.ts';
import { CallerKey, Requires } from '../http/requires.ts';
import {
  QR_PROBLEMS,
  qrPngAnswer,
  type QrSize,
  qrSizeSchema,
  qrSvgAnswer,
  qrTextAnswer,
} from '../payments/payment-qr/qr-answers.ts';
import { CLOCK } from '../tokens.ts';
import { RefundStore } from './refund-store.ts';
import { refundView } from './refund.view.ts';

const id = new IdPipe('ref', 'refund');

/** The code that the buyer scans for a refund, for tills that draw none themselves. Gone as soon as there is nothing to scan. */
@Controller('v1/refunds')
export class RefundQrController {
  constructor(
    private readonly store: RefundStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get(':id/qr.txt')
  @Requires('payments:read', 'refunds:write')
  @Operation({ tag: 'Refunds', summary: 'The refund QR as text', mediaType: 'text/plain', problems: QR_PROBLEMS })
  async text(@CallerKey() caller: KeyAuth, @Param('id', id) refund: string): Promise<Answer> {
    return qrTextAnswer(await this.#content(caller, refund));
  }

  @Get(':id/qr.svg')
  @Requires('payments:read', 'refunds:write')
  @Operation({
    tag: 'Refunds',
    summary: 'The refund QR as a vector picture',
    mediaType: 'image/svg+xml',
    problems: QR_PROBLEMS,
  })
  async svg(
    @CallerKey() caller: KeyAuth,
    @Param('id', id) refund: string,
    @Query({ schema: qrSizeSchema }) { size }: QrSize,
  ): Promise<Answer> {
    return qrSvgAnswer(await this.#content(caller, refund), size);
  }

  @Get(':id/qr.png')
  @Requires('payments:read', 'refunds:write')
  @Operation({ tag: 'Refunds', summary: 'The refund QR as a picture', mediaType: 'image/png', problems: QR_PROBLEMS })
  async png(
    @CallerKey() caller: KeyAuth,
    @Param('id', id) refund: string,
    @Query({ schema: qrSizeSchema }) { size }: QrSize,
  ): Promise<Answer> {
    return qrPngAnswer(await this.#content(caller, refund), size);
  }

  async #content(caller: KeyAuth, refund: string): Promise<string> {
    const row = await this.store.read(caller, refund);
    const qr = refundView(row, this.clock.now()).next_action?.qr;
    if (qr !== undefined) return qr;
    throw new ApiProblem(404, 'qr_not_available', `There is no QR to show: the refund is ${row.status}.`, {
      extra: { refund: { id: idFromUuid('ref', row.id), status: row.status } },
    });
  }
}
