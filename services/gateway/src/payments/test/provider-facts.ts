import { type PaymentState, EVENTS_TOPIC, paymentProgress, paymentState, produce } from '@tolem/contracts';
import { type GatewayHarness, PROVIDER } from '../../test/gateway-harness.ts';

/** Publishes what a provider's service says of a payment. */
export function tellPayment(
  house: GatewayHarness,
  payment: string,
  seq: number,
  phase: PaymentState['phase'],
  more: Partial<PaymentState> = {},
): void {
  const time = new Date(house.clock.now()).toISOString();
  const body: PaymentState = {
    subject_id: payment,
    seq,
    op_id: null,
    observed_at: time,
    phase,
    provider_ref: null,
    amount: null,
    next_action: null,
    payment_methods: [],
    slip: null,
    cancel: null,
    failure: null,
    evidence: 'stated',
    ...more,
  };
  house.tell(produce(paymentState, address(house, payment, time), { ...body, phase: phase ?? 'unheard_of' }));
}

export function tellProgress(house: GatewayHarness, payment: string): void {
  const time = new Date(house.clock.now()).toISOString();
  house.tell(
    produce(paymentProgress, address(house, payment, time), {
      subject_id: payment,
      observed_at: time,
      phase: 'processing',
      expires_at: null,
    }),
  );
}

function address(house: GatewayHarness, payment: string, time: string) {
  return {
    id: house.ids.next('msg'),
    source: PROVIDER.name,
    subject: payment,
    time,
    tenant: null,
    mode: 'test' as const,
    topic: EVENTS_TOPIC,
    key: payment,
  };
}
