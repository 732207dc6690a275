import { PROVIDERS, refundStart } from '@tolem/contracts';
import type { WakeUps } from '@tolem/coordination';
import { type Clock, idFromUuid, type IdFactory, uuidFromId } from '@tolem/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import { notFound, unprocessable } from '../../http/api-problem.ts';
import type { Attempt } from '../../http/attempt.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { OutboxRows } from '../../outbox-rows.ts';
import { OutboxPressure } from '../../payments/create-payment/outbox-pressure.ts';
import { tradePointOf } from '../../payments/ids-in-body.ts';
import { REFUND_WAYS } from '../../payments/late-money.ts';
import { Waiters } from '../../payments/waiting/waiters.ts';
import { CLOCK, IDS, WAKE_UPS } from '../../tokens.ts';
import { hasNews, RefundAnswers } from '../refund-answers.ts';
import type { RefundRow } from '../refund-row.ts';
import { RefundStore } from '../refund-store.ts';
import type { CreateRefundAnswer } from './create-refund.answer.ts';
import { createRefundProblem } from './create-refund.problem.ts';
import type { CreateRefundBody } from './create-refund.schema.ts';

export interface CreateRefundCall {
  readonly caller: KeyAuth;
  readonly attempt: Attempt;
  readonly body: CreateRefundBody;
  readonly waitMs: number;
  readonly gone: AbortSignal;
  readonly traceparent: string | undefined;
}

/**
 * Time from the request to the last moment at which a refund may be sent. Three times a payment's, because no code of a
 * buyer runs out meanwhile and a device may have to be registered first; short enough that a cashier still stands there
 * when it ends `failed: not_started` and may be repeated.
 */
export const REFUND_START_WITHIN_MS = 60_000;

const PLACES = Object.fromEntries(
  PROVIDERS.map(({ name, tradePoints, currency }) => [name, { trade_points: tradePoints, currency }]),
);

/**
 * A refund from the request to its start: one round trip reserves the amount on the payment and writes refund, events and
 * the start command, and the command leaves at once. Repeats of the request attach to the same refund.
 */
@Injectable()
export class CreateRefund {
  constructor(
    private readonly store: RefundStore,
    private readonly answers: RefundAnswers,
    private readonly waiters: Waiters,
    private readonly pressure: OutboxPressure,
    private readonly outbox: OutboxRows,
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  async run(call: CreateRefundCall): Promise<Answer> {
    const uuid = this.ids.uuid();
    // Listens before the refund exists: its first news may come before this function hears of the commit.
    const watch = call.waitMs > 0 ? this.waiters.watch<RefundRow>(idFromUuid('ref', uuid), call.gone) : undefined;
    try {
      const { row, replayed } = await this.#make(uuid, call);
      if (replayed) return this.answers.made(await this.#attach(row, call), true);
      const read = (): Promise<RefundRow> => this.store.read(call.caller, row.id);
      // With too many waiters the answer comes at once: the refund exists, and a refusal would hide that.
      return this.answers.made((await watch?.until(row, read, hasNews, call.waitMs)) ?? row, false);
    } finally {
      watch?.close();
    }
  }

  async #make(uuid: string, call: CreateRefundCall): Promise<{ row: RefundRow; replayed: boolean }> {
    const { caller, attempt, body } = call;
    if (body.lines !== undefined) {
      throw unprocessable('lines_not_supported', '/lines', 'No provider here refunds by lines: give an amount.');
    }
    const nowMs = this.clock.now();
    const payment = paymentOf(body.payment);
    const id = idFromUuid('ref', uuid);
    const answer = await this.store.one<CreateRefundAnswer>('create_refund', caller, {
      id: uuid,
      event_id: this.ids.uuid(),
      desk_id: this.ids.uuid(),
      idem_key: attempt.key,
      idem_hash: attempt.hash.toString('hex'),
      payment,
      desk: body.desk ?? null,
      trade_point: tradePointOf(body.trade_point),
      amount: body.amount ?? null,
      reference: body.reference ?? null,
      reason: body.reason ?? null,
      source: body.source ?? 'api',
      metadata: body.metadata ?? {},
      ways: REFUND_WAYS,
      providers: PLACES,
      start_by: new Date(nowMs + REFUND_START_WITHIN_MS).toISOString(),
      now: new Date(nowMs).toISOString(),
      overloaded: this.pressure.isHigh(),
      outbox: this.outbox.forEveryProvider({
        definition: refundStart,
        tenant: caller.tenant,
        mode: caller.mode,
        subject: id,
        // Refunds of one payment happen one at a time.
        lane: payment === null ? id : idFromUuid('pay', payment),
        traceparent: call.traceparent,
      }),
    });
    if (answer.outcome === 'replay') return { row: answer.refund, replayed: true };
    if (answer.outcome !== 'created') throw createRefundProblem(answer);
    this.outbox.publish(answer.outbox.map((row) => ({ ...row, body: answer.body })));
    // Nobody but this request can wait for the refund itself yet, and it holds the row.
    if (payment !== null) this.wakeUps.wake([idFromUuid('pay', payment)]);
    return { row: answer.refund, replayed: false };
  }

  /** A repeat waits as the first request did, for a refund whose id it did not know before. */
  async #attach(row: RefundRow, call: CreateRefundCall): Promise<RefundRow> {
    if (call.waitMs === 0 || hasNews(row)) return row;
    const attached = await this.waiters.readUntil({
      id: idFromUuid('ref', row.id),
      waitMs: call.waitMs,
      gone: call.gone,
      read: () => this.store.read(call.caller, row.id),
      isEnough: hasNews,
    });
    return attached ?? row;
  }
}

function paymentOf(payment: string | undefined): string | null {
  if (payment === undefined) return null;
  const uuid = uuidFromId('pay', payment);
  if (uuid === undefined) throw notFound('payment');
  return uuid;
}
