import {
  commandsTopic,
  paymentRefresh,
  questionAsk,
  refundCancel,
  refundChoose,
  refundStart,
  refundState,
  type RefundState,
  produce,
} from '@tolem/contracts';
import type { RefundStatus } from '@tolem/domain';
import { type Connection, deskOf, StandInGateway } from './stand-in-gateway.ts';

export interface RefundOptions {
  /** Null where the buyer picks the purchase. */
  readonly payment: string | null;
  /** The bank's id of the purchase; that of the payment unless told. */
  readonly purchaseRef?: string | null;
  readonly amountMinor: number | null;
  readonly desk?: string;
  readonly tradePoint?: number;
}

/** Past it nothing is sent; generous, because time in a house of specs runs faster than the clock on the wall. */
const START_WITHIN_MS = 3_600_000;

/** The gateway's other half: money that goes back, and what a person asks. */
export class StandInCounter extends StandInGateway {
  refund(connection: Connection, options: RefundOptions): string {
    const refund = this.ids.next('ref');
    this.refundAgain(connection, refund, options);
    return refund;
  }

  /** The same command as often as a spec likes. */
  refundAgain(connection: Connection, refund: string, options: RefundOptions): void {
    const { payment, amountMinor, tradePoint = 0 } = options;
    const { purchaseRef = payment === null ? null : (this.state(payment)?.provider_ref ?? null) } = options;
    const body = {
      ...this.head(connection, `${refund}:start`, refund),
      device_id: options.desk ?? deskOf(payment ?? refund),
      lane: payment ?? refund,
      payment_id: payment,
      purchase_ref: purchaseRef,
      amount: amountMinor,
      currency: 'KZT' as const,
      trade_point_ref: this.tradePointRef(connection, tradePoint),
      start_by: this.within(START_WITHIN_MS),
    };
    this.bus.announce(produce(refundStart, this.address(connection, refund), body));
  }

  choose(connection: Connection, refund: string, choice: { ref: string; amountMinor: number; payment?: string }): void {
    const body = {
      ...this.head(connection, `${refund}:choose`, refund),
      device_id: deskOf(refund),
      lane: choice.payment ?? refund,
      payment_id: choice.payment ?? null,
      purchase_ref: choice.ref,
      amount: choice.amountMinor,
      start_by: this.within(START_WITHIN_MS),
    };
    this.bus.announce(produce(refundChoose, this.address(connection, refund), body));
  }

  cancelRefund(connection: Connection, refund: string): void {
    const body = { ...this.head(connection, `${refund}:cancel`, refund), reason: null };
    this.bus.announce(produce(refundCancel, this.address(connection, refund), body));
  }

  /** A person wants to know now. */
  refresh(connection: Connection, payment: string, opId = `${payment}:refresh:${this.ids.next('op')}`): void {
    const body = { ...this.head(connection, opId, payment) };
    this.bus.announce(produce(paymentRefresh, this.address(connection, payment), body));
  }

  protected question(
    connection: Connection,
    question: string,
    kind: string,
    desk: string | null,
    sealed: string,
  ): void {
    const body = {
      ...this.head(connection, question, question),
      kind,
      device_id: desk,
      trade_point_ref: this.tradePointRef(connection),
      deadline: this.within(START_WITHIN_MS),
      sealed,
    };
    this.bus.announce({
      ...produce(questionAsk, this.address(connection, question), body),
      topic: commandsTopic('kaspi'),
    });
  }

  refundStates(id: string): RefundState[] {
    return this.snapshotsOf<RefundState>(refundState.type, id);
  }

  refundNow(id: string): RefundState | undefined {
    return this.refundStates(id).at(-1);
  }

  refundPhases(id: string): (RefundStatus | null)[] {
    return this.refundStates(id).map(({ phase }) => phase);
  }

  private within(ms: number): string {
    return new Date(this.time.now() + ms).toISOString();
  }
}
