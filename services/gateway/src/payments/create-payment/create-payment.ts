import { commandsTopic, methodNamed, paymentStart } from '@tolem/contracts';
import { checkItems, type Clock, idFromUuid, type IdFactory } from '@tolem/domain';
import type { Outbox } from '@tolem/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { type Answer, created } from '../../http/answer.ts';
import { ApiProblem, notFound, unprocessable } from '../../http/api-problem.ts';
import type { Attempt } from '../../http/attempt.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { CLOCK, IDS, OUTBOX } from '../../tokens.ts';
import type { PaymentRow } from '../payment-row.ts';
import { organizationOf, tradePointOf } from '../ids-in-body.ts';
import { PaymentStore } from '../payment-store.ts';
import { paymentView } from '../payment.view.ts';
import { Waiters } from '../waiting/waiters.ts';
import { retryAfter } from '../waiting/retry-after.ts';
import type { CreatePaymentAnswer } from './create-payment.answer.ts';
import { createPaymentProblem } from './create-payment.problem.ts';
import type { CreatePaymentBody } from './create-payment.schema.ts';
import { OutboxPressure } from './outbox-pressure.ts';
import { PersonalFields } from './personal-fields.ts';

export interface CreatePaymentCall {
  readonly caller: KeyAuth;
  readonly attempt: Attempt;
  readonly body: CreatePaymentBody;
  readonly waitMs: number;
  readonly gone: AbortSignal;
  readonly traceparent: string | undefined;
}

/**
 * A payment from the request to its start: one round trip writes payment, event and the start command, and the command
 * leaves at once. Repeats of the request attach to the same payment.
 */
@Injectable()
export class CreatePayment {
  constructor(
    private readonly store: PaymentStore,
    private readonly waiters: Waiters,
    private readonly pressure: OutboxPressure,
    private readonly personal: PersonalFields,
    @Inject(OUTBOX) private readonly outbox: Outbox,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  async run(call: CreatePaymentCall): Promise<Answer> {
    const uuid = this.ids.uuid();
    const id = idFromUuid('pay', uuid);
    // Listens before the payment exists: its first news may come before this function hears of the commit.
    const watch = call.waitMs > 0 ? this.waiters.watch<PaymentRow>(id, call.gone) : undefined;
    try {
      const { row, replayed } = await this.#make(uuid, id, call);
      if (replayed) return this.#answer(await this.#attach(row, call), true);
      const read = (): Promise<PaymentRow> => this.#read(call.caller, row.id);
      // With too many waiters the answer comes at once: the payment exists, and a refusal would hide that.
      return this.#answer((await watch?.until(row, read, hasNews, call.waitMs)) ?? row, false);
    } finally {
      watch?.close();
    }
  }

  async #make(uuid: string, id: string, call: CreatePaymentCall): Promise<{ row: PaymentRow; replayed: boolean }> {
    const { caller, attempt, body } = call;
    const chosen = methodNamed(body.method.type);
    if (chosen === undefined) throw new Error(`no provider has the method ${body.method.type}`);
    const { provider, method } = chosen;
    checkRules(body, provider.currency);
    const nowMs = this.clock.now();
    const now = new Date(nowMs).toISOString();
    // The body is made by the database, which knows desk, connection and trade point.
    const rows = this.outbox.rowsFor({
      id: this.ids.next('msg'),
      type: paymentStart.type,
      schema: paymentStart.schema,
      source: 'gateway',
      subject: id,
      time: now,
      tenant: caller.tenant,
      mode: caller.mode,
      topic: commandsTopic(provider.name),
      key: id,
      body: null,
      ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
    });
    const { type: _, ...fields } = body.method;
    const { shown, sealed, doubtDigest, fingerprint } = await this.personal.storable(
      caller,
      id,
      method,
      fields,
      attempt.hash,
    );
    const [answer] = await this.store.call<CreatePaymentAnswer>('create_payment', caller, {
      id: uuid,
      event_id: this.ids.uuid(),
      desk_id: this.ids.uuid(),
      idem_key: attempt.key,
      idem_hash: fingerprint,
      organization: organizationOf(caller, body.organization),
      desk: body.desk,
      trade_point: tradePointOf(body.trade_point),
      amount: body.amount ?? null,
      currency: body.currency,
      method: method.type,
      method_data: shown,
      sealed,
      doubt_digest: doubtDigest,
      reference: body.reference ?? null,
      items: body.items ?? null,
      metadata: body.metadata ?? {},
      provider: provider.name,
      trade_points: provider.tradePoints,
      schemes: provider.schemes.filter(({ methods }) => methods.includes(method.type)).map(({ name }) => name),
      max_amount: method.maxAmountMinor,
      start_by: new Date(nowMs + method.startWithinMs).toISOString(),
      now,
      overloaded: this.pressure.isHigh(),
      outbox: rows,
    });
    if (answer === undefined) throw new Error('create_payment gave no answer');
    if (answer.outcome === 'created') {
      this.outbox.publish(rows.map((row) => ({ ...row, body: answer.body })));
      return { row: answer.payment, replayed: false };
    }
    if (answer.outcome === 'replay') return { row: answer.payment, replayed: true };
    throw createPaymentProblem(answer, provider, nowMs);
  }

  /** A repeat waits as the first request did, for a payment whose id it did not know before. */
  async #attach(row: PaymentRow, call: CreatePaymentCall): Promise<PaymentRow> {
    if (call.waitMs === 0 || hasNews(row)) return row;
    const attached = await this.waiters.readUntil({
      id: idFromUuid('pay', row.id),
      waitMs: call.waitMs,
      gone: call.gone,
      read: () => this.#read(call.caller, row.id),
      isEnough: hasNews,
    });
    return attached ?? row;
  }

  async #read(caller: KeyAuth, id: string): Promise<PaymentRow> {
    const row = await this.store.read(caller, { id });
    if (row === undefined) throw notFound('payment');
    return row;
  }

  #answer(row: PaymentRow, replayed: boolean): Answer {
    const headers = { ...retryAfter(row), ...this.waiters.farewell() };
    return created(replayed, paymentView(row, this.clock.now()), headers);
  }
}

/** There is something for the cashier to do, or nothing any more. */
function hasNews(row: PaymentRow): boolean {
  return row.status !== 'created';
}

/** What does not depend on anything stored. */
function checkRules(body: CreatePaymentBody, currency: string): void {
  if (body.currency !== currency) {
    throw unprocessable('currency_not_supported', '/currency', `This method takes ${currency} only.`, {
      extra: { allowed: [currency] },
    });
  }
  if (body.items === undefined) return;
  const check = checkItems(
    body.items.map(({ price, total, discount, ...rest }) => ({
      ...rest,
      priceMinor: price,
      totalMinor: total,
      discountMinor: discount,
    })),
  );
  if (check.ok) return;
  throw new ApiProblem(422, 'items_invalid', 'Some lines of the sale cannot be taken as they are.', {
    errors: check.problems.map((problem) => ({ ...problem, pointer: `/items${problem.pointer}` })),
  });
}
