import { Audit } from '../../audit-log/audit.ts';
import type { KeyAuth } from '../../http/auth.ts';
import type { Fact, PaymentHouse, Shop } from '../../payments/test/payment-house.ts';
import { uuidOf } from '../../payments/test/payment-house.ts';
import type { PaymentView } from '../../payments/payment.view.ts';
import { Transactions } from '../../transactions.ts';
import { AttentionStore } from '../attention-store.ts';
import type { AttentionKind, AttentionRow } from '../attention.ts';
import type { ResolveAttentionBody } from '../attention.schema.ts';
import { OpenWork } from '../open-work.ts';
import { ResolveAttention } from '../resolve-attention.ts';

/** The room of attention beside the room of payments, without HTTP. */
export class AttentionHouse {
  readonly store: AttentionStore;
  readonly resolver: ResolveAttention;
  readonly openWork: OpenWork;

  constructor(
    readonly house: PaymentHouse,
    readonly shop: Shop,
  ) {
    const transactions = new Transactions(house.app, house.worker);
    this.store = new AttentionStore(transactions);
    this.resolver = new ResolveAttention(
      transactions,
      new Audit(house.ids),
      house.outboxRows,
      house.wakeUps,
      house.clock,
      house.ids,
    );
    this.openWork = new OpenWork(house.worker, house.clock);
  }

  async pay(reference?: string): Promise<string> {
    const body = this.house.body(this.shop, reference === undefined ? {} : { reference });
    return (await this.house.pay(this.shop, body)).body.id;
  }

  /** One fact after the other; the payment as it is then. */
  async tell(payment: string, ...facts: readonly Omit<Fact, 'payment'>[]): Promise<PaymentView> {
    for (const fact of facts) await this.house.tell({ payment, ...fact });
    return this.house.get(this.shop, payment);
  }

  /** Attention of a payment, the oldest first. */
  async of(payment: string, caller: KeyAuth = this.shop.caller): Promise<AttentionRow[]> {
    const any = { status: null, kind: null, organization: null, refund: null, after: null, limit: 100 };
    return (await this.store.list(caller, { ...any, payment: uuidOf(payment) })).reverse();
  }

  async open(payment: string): Promise<AttentionKind[]> {
    return (await this.of(payment)).filter((row) => row.closed_at === null).map((row) => row.kind);
  }

  /** The open row of this kind. */
  async one(payment: string, kind: AttentionKind): Promise<AttentionRow> {
    const found = (await this.of(payment)).find((row) => row.kind === kind && row.closed_at === null);
    if (found === undefined) throw new Error(`no ${kind} is open for ${payment}`);
    return found;
  }

  resolve(id: string, outcome: ResolveAttentionBody['outcome'], reason = 'The bank was asked'): Promise<AttentionRow> {
    const origin = { ip: '127.0.0.1', requestId: 'req_1', traceparent: undefined };
    return this.resolver.run(this.shop.caller, origin, id, { outcome, reason });
  }

  /** Resolves the open `unknown` of a payment; the payment as it is then. */
  async decide(payment: string, outcome: 'succeeded' | 'failed'): Promise<PaymentView> {
    await this.resolve((await this.one(payment, 'unknown')).id, outcome);
    return this.house.get(this.shop, payment);
  }

  /** Types of what happened to a payment and to its attention, in order. */
  async events(payment: string): Promise<string[]> {
    const rows = await this.house.rows<{ type: string }>(
      `SELECT e.type FROM event e WHERE e.subject = $1 OR e.subject IN (SELECT id FROM attention WHERE subject = $1)
        ORDER BY txid, seq`,
      [uuidOf(payment)],
    );
    return rows.map((row) => row.type);
  }
}
