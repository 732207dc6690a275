import {
  type Addressed,
  commandsTopic,
  connectionPut,
  connectionVerify,
  deviceDelete,
  deviceRegister,
  type Envelope,
  paymentCancel,
  paymentRefresh,
  paymentStart,
  produce,
  questionAsk,
  subjectReport,
} from '@tolem/contracts';
import type { Clock, IdFactory } from '@tolem/domain';

/** The provider of the specs of this room. */
export const PROVIDER = 'dummy';

/** How far off the deadline of a start is, unless a spec says otherwise. */
export const UNTIL_DEADLINE_MS = 20_000;

export interface Shop {
  readonly tenant: string;
  readonly connection: string;
  readonly desk: string;
}

/** A payment as the gateway would send it. */
export interface Payment {
  readonly id: string;
  readonly shop: Shop;
  readonly method: string;
  readonly amount: number;
  readonly startBy: number;
  readonly tradePointRef: string;
  readonly version: number;
}

export interface AskOptions {
  readonly id: string;
  readonly sealed: string;
  /** Epoch ms. */
  readonly deadline?: number;
  readonly kind?: string;
}

/** Says what the gateway would: every message that a provider service takes. */
export class StandInGateway {
  constructor(
    readonly clock: Clock,
    readonly ids: IdFactory,
  ) {}

  /** A tenant with a connection, not yet known to the service, and a desk. */
  shop(): Shop {
    return { tenant: this.ids.next('ten'), connection: this.ids.next('con'), desk: this.ids.next('dsk') };
  }

  payment(shop: Shop, more: Partial<Payment> = {}): Payment {
    return {
      id: this.ids.next('pay'),
      shop,
      method: 'dummy_pay',
      amount: 149_000,
      startBy: this.clock.now() + UNTIL_DEADLINE_MS,
      tradePointRef: 'tp-1',
      version: 1,
      ...more,
    };
  }

  begin(payment: Payment, sealed?: string): Envelope {
    return produce(paymentStart, this.address(payment.shop.tenant, payment.id), {
      ...head(payment),
      op_id: `${payment.id}:start`,
      method: payment.method,
      amount: payment.amount,
      currency: 'KZT',
      reference: null,
      trade_point_ref: payment.tradePointRef,
      start_by: new Date(payment.startBy).toISOString(),
      ...(sealed === undefined ? {} : { sealed }),
    });
  }

  /** As the gateway names it: one that is asked for again later has an id of its own. @param askedAt epoch ms */
  cancel(payment: Payment, askedAt: number = this.clock.now()): Envelope {
    return produce(paymentCancel, this.address(payment.shop.tenant, payment.id), {
      ...head(payment),
      op_id: `${payment.id}.cancel.${askedAt}`,
      reason: null,
    });
  }

  refresh(payment: Payment, opId: string = this.ids.next('op')): Envelope {
    return produce(paymentRefresh, this.address(payment.shop.tenant, payment.id), { ...head(payment), op_id: opId });
  }

  /** A question of the kind `payer`. */
  ask(shop: Shop, more: AskOptions): Envelope {
    const { id, sealed, deadline = this.clock.now() + 10_000, kind = 'payer' } = more;
    return produce(questionAsk, this.address(shop.tenant, id), {
      ...deviceHead(shop),
      subject_id: id,
      lane: id,
      op_id: `${id}.ask`,
      kind,
      trade_point_ref: 'tp-1',
      deadline: new Date(deadline).toISOString(),
      sealed,
    });
  }

  report(payment: Payment): Envelope {
    return produce(subjectReport, this.address(payment.shop.tenant, payment.id), {
      ...head(payment),
      op_id: this.ids.next('op'),
      kind: 'payment',
      start_by: new Date(payment.startBy).toISOString(),
    });
  }

  put(shop: Shop, version: number, more: { credential?: string; enabled?: boolean; scheme?: string } = {}): Envelope {
    return produce(connectionPut, this.address(shop.tenant, shop.connection), {
      ...connectionHead(shop, version),
      op_id: this.ids.next('op'),
      base_url: 'https://dummy.example',
      scheme: more.scheme ?? 'only',
      tax_id: '180340021791',
      credential_id: more.credential ?? null,
      options: {},
      enabled: more.enabled ?? true,
    });
  }

  verify(shop: Shop, version: number): Envelope {
    return produce(connectionVerify, this.address(shop.tenant, shop.connection), {
      ...connectionHead(shop, version),
      op_id: this.ids.next('op'),
    });
  }

  register(shop: Shop, tradePointRef: string, version = 1): Envelope {
    return produce(deviceRegister, this.address(shop.tenant, shop.desk), {
      ...deviceHead(shop),
      connection_version: version,
      op_id: this.ids.next('op'),
      trade_point_ref: tradePointRef,
    });
  }

  deleteDevice(shop: Shop): Envelope {
    return produce(deviceDelete, this.address(shop.tenant, shop.desk), {
      ...deviceHead(shop),
      op_id: this.ids.next('op'),
    });
  }

  /** Where a message to the provider service goes. */
  address(tenant: string, key: string): Addressed {
    const id = this.ids.uuid();
    const time = new Date().toISOString();
    return {
      id,
      source: 'gateway',
      subject: key,
      time,
      tenant,
      mode: 'test' as const,
      topic: commandsTopic(PROVIDER),
      key,
    };
  }
}

function head(payment: Payment) {
  const { id, shop, version } = payment;
  return {
    subject_id: id,
    connection_id: shop.connection,
    connection_version: version,
    device_id: shop.desk,
    lane: id,
  };
}

function connectionHead(shop: Shop, version: number) {
  const { connection } = shop;
  return {
    subject_id: connection,
    connection_id: connection,
    connection_version: version,
    device_id: null,
    lane: connection,
  };
}

function deviceHead(shop: Shop) {
  return { ...connectionHead(shop, 1), subject_id: shop.desk, device_id: shop.desk, lane: shop.desk };
}
