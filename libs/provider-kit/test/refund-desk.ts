import {
  type Envelope,
  produce,
  type Purchase,
  refundCancel,
  refundChoose,
  refundStart,
  refundState,
  type RefundState,
  type SubjectClose,
  subjectClose,
  subjectReport,
} from '@tolem/contracts';
import type { RefundStatus } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { type KitHouse, type Replica } from './kit-house.ts';
import type { RefundScript } from './dummy-refunds.ts';
import { type Shop, UNTIL_DEADLINE_MS } from './stand-in-gateway.ts';

/** A refund as the gateway would send it. */
export interface Refund {
  readonly id: string;
  readonly shop: Shop;
  readonly purchaseRef: string | null;
  readonly amount: number | null;
  readonly lane: string;
  readonly startBy: number;
}

export const PURCHASE: Purchase = { ref: 'purchase-1', amount: 149_000, at: '2026-11-22T10:00:00.000Z' };

/** Where refunds are asked for, and what is heard of them. */
export class RefundDesk {
  constructor(
    readonly house: KitHouse,
    readonly shop: Shop,
  ) {}

  refund(more: Partial<Refund> = {}): Refund {
    const id = this.house.ids.next('ref');
    return {
      id,
      shop: this.shop,
      purchaseRef: `purchase of ${id}`,
      amount: 49_000,
      lane: id,
      startBy: this.house.clock.now() + UNTIL_DEADLINE_MS,
      ...more,
    };
  }

  /** Sends the start of a refund with a life of its own. */
  async begin(replica: Replica, script: RefundScript, more: Partial<Refund> = {}): Promise<Refund> {
    const refund = this.refund(more);
    this.house.dummy.refunds.script(refund.id, script);
    await replica.send(this.start(refund));
    return refund;
  }

  start(refund: Refund): Envelope {
    return produce(refundStart, this.#address(refund), {
      ...this.#head(refund),
      op_id: `${refund.id}.start`,
      payment_id: null,
      purchase_ref: refund.purchaseRef,
      amount: refund.amount,
      currency: 'KZT',
      trade_point_ref: 'tp-1',
      start_by: new Date(refund.startBy).toISOString(),
    });
  }

  /** A person says how it ended. */
  close(refund: Refund, outcome: SubjectClose['outcome']): Envelope {
    return produce(subjectClose, this.#address(refund), {
      ...this.#head(refund),
      op_id: `${refund.id}.close`,
      kind: 'refund',
      outcome,
    });
  }

  choose(
    refund: Refund,
    choice: { ref: string; amount: number; lane?: string; opId?: string; startBy?: number },
  ): Envelope {
    return produce(refundChoose, this.#address(refund), {
      ...this.#head(refund),
      op_id: choice.opId ?? `${refund.id}.choose`,
      lane: choice.lane ?? refund.lane,
      payment_id: null,
      purchase_ref: choice.ref,
      amount: choice.amount,
      start_by: new Date(choice.startBy ?? this.house.clock.now() + UNTIL_DEADLINE_MS).toISOString(),
    });
  }

  cancel(refund: Refund): Envelope {
    return produce(refundCancel, this.#address(refund), {
      ...this.#head(refund),
      op_id: this.house.ids.next('op'),
      reason: null,
    });
  }

  report(refund: Refund): Envelope {
    return produce(subjectReport, this.#address(refund), {
      ...this.#head(refund),
      op_id: this.house.ids.next('op'),
      kind: 'refund',
      start_by: new Date(refund.startBy).toISOString(),
    });
  }

  states({ id }: Refund): readonly RefundState[] {
    return this.house
      .told(id)
      .filter((event) => event.type === refundState.type)
      .map((event) => refundState.consume.parse(event.body));
  }

  /** The newest snapshot. */
  last(refund: Refund): RefundState | undefined {
    return this.states(refund)
      .toSorted((a, b) => a.seq - b.seq)
      .at(-1);
  }

  /** Waits until the newest snapshot shows a phase, and a next step where one is named. */
  async until(refund: Refund, phase: RefundStatus, step?: string): Promise<RefundState> {
    return waitFor(
      `${refund.id} to be ${phase} ${step ?? ''}, seen ${this.states(refund)
        .map((state) => state.phase)
        .join()}`,
      () => {
        const state = this.last(refund);
        return state?.phase === phase && (step === undefined || state.next_action?.type === step) ? state : undefined;
      },
    );
  }

  returns({ id }: Refund) {
    return this.house.dummy.refunds.returns(id);
  }

  count(call: string, { id }: Refund): number {
    return this.house.dummy.count(`${call} ${id}`);
  }

  /** The operations of a refund, in the order of their coming. */
  async operations({ id }: Refund): Promise<readonly OperationSeen[]> {
    const db = await this.house.sql();
    return db.query<OperationSeen & { id: string }>(
      'SELECT id, kind, class, lane, state, attempt, sends, unchanged, check_at FROM operation WHERE subject_id = $1 ORDER BY lane_no',
      [id],
    );
  }

  #address({ id, shop }: Refund) {
    return this.house.address(shop.tenant, id);
  }

  #head({ id, shop, lane }: Refund) {
    return {
      subject_id: id,
      connection_id: shop.connection,
      connection_version: 1,
      device_id: shop.desk,
      lane,
    };
  }
}

export interface OperationSeen {
  readonly id: string;
  readonly kind: string;
  readonly class: string;
  readonly lane: string;
  readonly state: string;
  readonly attempt: number;
  readonly sends: number;
  readonly unchanged: number;
  readonly check_at: Date | null;
}
