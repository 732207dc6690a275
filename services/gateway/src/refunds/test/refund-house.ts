import { type Envelope, EVENTS_TOPIC, type RefundState } from '@tolem/contracts';
import { createLogger } from '@tolem/observability';
import { fingerprint } from '../../http/attempt.ts';
import { type Fact, PaymentHouse, PROVIDER, schemeThat, type Shop, uuidOf } from '../../payments/test/payment-house.ts';
import type { PaymentView } from '../../payments/payment.view.ts';
import { ApplyRefundFacts } from '../apply-refund-facts/apply-refund-facts.ts';
import { CancelRefund } from '../cancel-refund/cancel-refund.ts';
import { ChoosePurchase } from '../choose-purchase/choose-purchase.ts';
import type { ChoosePurchaseBody } from '../choose-purchase/choose-purchase.schema.ts';
import { CreateRefund } from '../create-refund/create-refund.ts';
import type { CreateRefundBody } from '../create-refund/create-refund.schema.ts';
import { ReadRefund } from '../read-refund/read-refund.ts';
import { RefundAnswers } from '../refund-answers.ts';
import { RefundStore } from '../refund-store.ts';
import type { RefundView } from '../refund.view.ts';
import { SweepRefunds } from '../sweep-refunds/sweep-refunds.ts';

export interface RefundReply {
  readonly status: number;
  readonly body: RefundView;
  readonly headers: Readonly<Record<string, string>>;
}

/** A message about a refund, in short; what is not given is nothing. */
export interface RefundFactInShort {
  readonly refund: string;
  readonly seq: number;
  readonly phase: string;
  readonly more?: Partial<Omit<RefundState, 'phase'>>;
}

/** Where money goes back in each of the ways. */
export const WITH_BUYER = schemeThat('with_buyer');
export const BY_HAND = schemeThat('by_hand');

/** The room of refunds beside the room of payments, without HTTP. */
export class RefundHouse {
  readonly store: RefundStore;
  readonly create: CreateRefund;
  readonly choose: ChoosePurchase;
  readonly cancel: CancelRefund;
  readonly read: ReadRefund;
  readonly apply: ApplyRefundFacts;
  readonly sweeper: SweepRefunds;
  #refs = 0;

  constructor(readonly house: PaymentHouse) {
    const { app, worker, waiters, pressure, outboxRows, wakeUps, clock, ids, bus, settings } = house;
    const logger = createLogger({ service: 'gateway', level: 'silent' });
    this.store = new RefundStore(app);
    const answers = new RefundAnswers(waiters, clock);
    this.create = new CreateRefund(this.store, answers, waiters, pressure, outboxRows, wakeUps, clock, ids);
    this.choose = new ChoosePurchase(this.store, answers, waiters, outboxRows, wakeUps, clock, ids);
    this.cancel = new CancelRefund(this.store, answers, outboxRows, wakeUps, clock, ids);
    this.read = new ReadRefund(this.store, answers, waiters);
    this.apply = new ApplyRefundFacts(worker, waiters, wakeUps, clock, ids, logger);
    this.sweeper = new SweepRefunds(worker, bus, clock, ids, settings, logger);
  }

  static async open(): Promise<RefundHouse> {
    return new RefundHouse(await PaymentHouse.open());
  }

  close(): Promise<void> {
    return this.house.close();
  }

  /** A payment that is paid; its id at the provider is `provider_ref`. */
  async paid(shop: Shop, amount = 10_000, more: Readonly<Record<string, unknown>> = {}): Promise<PaymentView> {
    this.#refs += 1;
    const { body } = await this.house.pay(shop, this.house.body(shop, { amount }));
    const fact: Fact = {
      payment: body.id,
      seq: 1,
      phase: 'succeeded',
      more: { provider_ref: `P${this.#refs}`, amount, ...more },
    };
    await this.house.tell(fact);
    return this.house.get(shop, body.id);
  }

  async refund(shop: Shop, body: CreateRefundBody, key = this.house.key(), waitMs = 0): Promise<RefundReply> {
    const attempt = { route: 'POST /v1/refunds', key, hash: fingerprint('/v1/refunds', body) };
    const gone = new AbortController().signal;
    return (await this.create.run({
      caller: shop.caller,
      attempt,
      body,
      waitMs,
      gone,
      traceparent: undefined,
    })) as RefundReply;
  }

  async chosen(shop: Shop, refund: string, body: ChoosePurchaseBody, waitMs = 0): Promise<RefundReply> {
    const gone = new AbortController().signal;
    return (await this.choose.run({
      caller: shop.caller,
      id: uuidOf(refund),
      body,
      waitMs,
      gone,
      traceparent: undefined,
    })) as RefundReply;
  }

  async canceled(shop: Shop, refund: string, reason?: string): Promise<RefundView> {
    return ((await this.cancel.run(shop.caller, uuidOf(refund), reason, undefined)) as RefundReply).body;
  }

  async get(shop: Shop, refund: string): Promise<RefundView> {
    const gone = new AbortController().signal;
    return ((await this.read.atNextChange(shop.caller, uuidOf(refund), 0, gone)) as RefundReply).body;
  }

  /** What of a payment is refunded and what is left to refund. */
  async account(shop: Shop, payment: string): Promise<{ refunded: number; refundable: number }> {
    const { amount_refunded: refunded, amount_refundable: refundable } = await this.house.get(shop, payment);
    return { refunded, refundable };
  }

  /** Facts of the provider, in one batch. */
  async tell(...facts: readonly RefundFactInShort[]): Promise<void> {
    await this.apply.run(facts.map((fact) => this.#event(fact)));
  }

  /** Waiting for the buyer's choice, as a provider's service tells it. */
  async offer(refund: string, seq: number, ...purchases: readonly { ref: string; amount: number }[]): Promise<void> {
    const next_action = {
      type: 'choose_purchase' as const,
      purchases: purchases.map((one) => ({ ...one, at: null })),
      expires_at: new Date(this.house.clock.now() + 300_000).toISOString(),
    };
    await this.tell({ refund, seq, phase: 'requires_customer', more: { next_action } });
  }

  commandsOf(refund: string, type: string): Envelope[] {
    return this.house.commands.filter((one) => one.subject === refund && one.type === type);
  }

  /** Types of what happened to a refund or a payment, in order. */
  async events(subject: string): Promise<string[]> {
    const rows = await this.house.rows<{ type: string }>(
      'SELECT type FROM event WHERE subject = $1 ORDER BY txid, seq',
      [uuidOf(subject)],
    );
    return rows.map((row) => row.type);
  }

  /** Kinds of attention that are open about a refund or a payment. */
  async attention(subject: string): Promise<string[]> {
    const rows = await this.house.rows<{ kind: string }>(
      'SELECT kind FROM attention WHERE subject = $1 AND closed_at IS NULL ORDER BY kind',
      [uuidOf(subject)],
    );
    return rows.map((row) => row.kind);
  }

  #event({ refund, seq, phase, more }: RefundFactInShort): Envelope {
    const time = new Date(this.house.clock.now()).toISOString();
    return {
      id: this.house.ids.next('msg'),
      type: 'refund.state',
      schema: 1,
      source: PROVIDER.name,
      subject: refund,
      time,
      tenant: null,
      mode: 'test',
      topic: EVENTS_TOPIC,
      key: refund,
      body: {
        subject_id: refund,
        seq,
        op_id: null,
        observed_at: time,
        phase,
        provider_ref: null,
        purchase_ref: null,
        amount: null,
        next_action: null,
        failure: null,
        evidence: 'stated',
        ...more,
      },
    };
  }
}
