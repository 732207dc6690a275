import {
  type Addressed,
  commandsTopic,
  connectionPut,
  connectionState,
  type ConnectionState,
  connectionVerify,
  deviceDelete,
  deviceRegister,
  deviceState,
  type DeviceState,
  type Envelope,
  EVENTS_TOPIC,
  type Mode,
  paymentCancel,
  paymentProgress,
  paymentStart,
  paymentState,
  type PaymentState,
  produce,
} from '@tolem/contracts';
import type { Clock, IdFactory, PaymentStatus } from '@tolem/domain';
import type { Bus, Subscription } from '@tolem/messaging';

export interface Connection {
  readonly id: string;
  readonly tenant: string;
  readonly bin: string;
  /** `r3` unless told. */
  readonly scheme?: BankScheme;
  /** `test` unless told. */
  readonly mode?: Mode;
}

export type BankScheme = 'r1' | 'r2' | 'r3';

export interface PayOptions {
  /** `kaspi_qr` unless told. */
  readonly method?: string;
  /** What of the method is personal, sealed. */
  readonly sealed?: string;
  readonly amountMinor?: number;
  readonly desk?: string;
  /** Which of the connection's trade points. */
  readonly tradePoint?: number;
  readonly startBy?: number;
  readonly tradePointRef?: string;
}

/** Stands where the gateway stands: gives commands as it would and writes down everything that it hears. */
export class StandInGateway {
  readonly events: Envelope[] = [];
  protected readonly subscription: Subscription;

  constructor(
    protected readonly bus: Bus,
    protected readonly time: Clock,
    readonly ids: IdFactory,
  ) {
    this.subscription = bus.subscribe('gateway', [EVENTS_TOPIC], async (batch) => {
      this.events.push(...batch);
      return batch.map(() => 'done');
    });
  }

  newConnection(bin: string, tenant: string = this.ids.next('ten'), scheme: BankScheme = 'r3'): Connection {
    return { id: this.ids.next('con'), tenant, bin, scheme };
  }

  putConnection(connection: Connection, credentialId: string | null, version: number, baseUrl: string): void {
    const body = {
      ...this.head(connection, `${connection.id}:put:${version}`, connection.id),
      connection_version: version,
      base_url: baseUrl,
      scheme: connection.scheme ?? 'r3',
      tax_id: connection.bin,
      credential_id: credentialId,
      options: {},
      enabled: true,
    };
    this.bus.announce(produce(connectionPut, this.address(connection, connection.id), body));
  }

  verify(connection: Connection, version = 1): void {
    const head = this.head(connection, `${connection.id}:verify:${version}`, connection.id);
    const body = { ...head, connection_version: version };
    this.bus.announce(produce(connectionVerify, this.address(connection, connection.id), body));
  }

  /** Starts a payment; returns its id. */
  pay(connection: Connection, options: PayOptions = {}): string {
    const payment = this.ids.next('pay');
    this.startAgain(connection, payment, options);
    return payment;
  }

  /** The same command as often as a spec likes. */
  startAgain(connection: Connection, payment: string, options: PayOptions = {}): void {
    const { amountMinor = 149_000, desk = deskOf(payment), tradePoint = 0, method = 'kaspi_qr', sealed } = options;
    const body = {
      ...this.head(connection, `${payment}:start`, payment),
      device_id: desk,
      method,
      ...(sealed === undefined ? {} : { sealed }),
      amount: amountMinor,
      currency: 'KZT' as const,
      reference: null,
      trade_point_ref: options.tradePointRef ?? this.tradePointRef(connection, tradePoint),
      start_by: new Date(options.startBy ?? this.time.now() + 60_000).toISOString(),
    };
    this.bus.announce(produce(paymentStart, this.address(connection, payment), body));
  }

  cancel(connection: Connection, payment: string, opId = `${payment}:cancel`): void {
    const body = { ...this.head(connection, opId, payment), reason: null };
    this.bus.announce(produce(paymentCancel, this.address(connection, payment), body));
  }

  registerDevice(connection: Connection, desk: string, tradePoint = 0): void {
    const body = {
      ...this.head(connection, `${desk}:register:${this.ids.next('op')}`, desk),
      device_id: desk,
      trade_point_ref: this.tradePointRef(connection, tradePoint),
    };
    this.bus.announce(produce(deviceRegister, this.address(connection, desk), body));
  }

  deleteDevice(connection: Connection, desk: string): void {
    const body = { ...this.head(connection, `${desk}:delete:${this.ids.next('op')}`, desk), device_id: desk };
    this.bus.announce(produce(deviceDelete, this.address(connection, desk), body));
  }

  /** The bank's own id of one of the connection's trade points. */
  tradePointRef(connection: Connection, index = 0): string {
    // Many words about a connection come without a list, and then the one before stands.
    const told = this.snapshotsOf<ConnectionState>(connectionState.type, connection.id);
    const ref = told.findLast((state) => (state.trade_points ?? null) !== null)?.trade_points?.[index]?.ref;
    if (ref === undefined) throw new Error(`${connection.id} has no trade point ${index}`);
    return ref;
  }

  /** Every snapshot of a subject, by its number. */
  states(id: string): PaymentState[] {
    return snapshots<PaymentState>(this.events, paymentState.type, id);
  }

  state(id: string): PaymentState | undefined {
    return this.states(id).at(-1);
  }

  phases(id: string): (PaymentStatus | null)[] {
    return this.states(id).map((state) => state.phase);
  }

  progress(id: string): Envelope[] {
    return this.events.filter((event) => event.type === paymentProgress.type && event.subject === id);
  }

  connection(connection: Connection): ConnectionState | undefined {
    return snapshots<ConnectionState>(this.events, connectionState.type, connection.id).at(-1);
  }

  deviceState(id: string): DeviceState | undefined {
    return snapshots<DeviceState>(this.events, deviceState.type, id).at(-1);
  }

  /** Every snapshot of a subject that is told by messages of this type, by its number. */
  protected snapshotsOf<S extends Snapshot>(type: string, subject: string): S[] {
    return snapshots<S>(this.events, type, subject);
  }

  /** What all commands have in common. */
  protected head(connection: Connection, opId: string, subject: string) {
    return {
      op_id: opId,
      subject_id: subject,
      connection_id: connection.id,
      connection_version: 1,
      device_id: null,
      lane: subject,
    };
  }

  protected address(connection: Connection, subject: string): Addressed {
    return {
      id: this.ids.next('msg'),
      source: 'gateway',
      subject,
      time: new Date(this.time.now()).toISOString(),
      tenant: connection.tenant,
      mode: connection.mode ?? 'test',
      topic: commandsTopic('kaspi'),
      key: subject,
    };
  }
}

/** The desk that a payment is made at where a spec names none. */
export function deskOf(payment: string): string {
  return `dsk_${payment.slice(4)}`;
}

type Snapshot = Pick<PaymentState, 'seq'>;

/** In order of their numbers, each once: messages may come twice and in any order. */
function snapshots<S extends Snapshot>(events: readonly Envelope[], type: string, subject: string): S[] {
  const bySeq = new Map<number, S>();
  for (const event of events) {
    if (event.type !== type || event.subject !== subject) continue;
    const body = event.body as S;
    if (!bySeq.has(body.seq)) bySeq.set(body.seq, body);
  }
  return [...bySeq.values()].sort((left, right) => left.seq - right.seq);
}
