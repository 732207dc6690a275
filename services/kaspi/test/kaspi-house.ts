import {
  type Addressed,
  type BodyOf,
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
  paymentCancel,
  paymentProgress,
  paymentStart,
  paymentState,
  type PaymentState,
  produce,
} from '@tolem/contracts';
import { MemoryPollSchedule, MemorySlots } from '@tolem/coordination';
import { IdFactory, isFinal, ManualClock, type PaymentStatus } from '@tolem/domain';
import type { ClientCredential } from '@tolem/egress';
import { InProcessBus, type Subscription } from '@tolem/messaging';
import { createLogger } from '@tolem/observability';
import {
  Database,
  migrate,
  openVaultTo,
  OUTBOX_MIGRATIONS,
  parseMasterKeys,
  roleOfUrl,
  Sealer,
  Vault,
} from '@tolem/persistence';
import { migrateProvider, type RunningProvider } from '@tolem/provider-kit';
import type { SandboxOptions } from '@tolem/sandbox';
import { type TestDatabase, testDatabase, waitFor } from '@tolem/testing';
import { kaspiConfig } from '../src/config.ts';
import { startKaspi } from '../src/kaspi.ts';
import { type CertificateName, RunningBank } from './running-bank.ts';

const KASPI = 'tolem_kaspi';
const GATEWAY = 'tolem_spec_gateway';
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');
/** Time passes this much per look at a condition: about five times as fast as the wall clock, slower on a busy machine. */
const STEP_MS = 100;
const DEADLINE_MS = 60_000;
const DAY_MS = 86_400_000;

export interface HouseOptions {
  readonly bank?: Partial<SandboxOptions>;
  /** `TOLEM_KASPI_…` beyond what the house itself sets. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Connection {
  readonly id: string;
  readonly tenant: string;
  readonly bin: string;
}

export interface PayOptions {
  readonly amountMinor?: number;
  readonly desk?: string;
  /** Which of the connection's trade points. */
  readonly tradePoint?: number;
  readonly startBy?: number;
  readonly tradePointRef?: string;
}

/**
 * The real service on a real database, with the bus in memory, the simulated bank at the other end of a real TLS
 * connection, and in the gateway's place somebody who gives commands and writes down what he hears. The bank and the
 * service share a clock that moves while a spec waits.
 */
export class KaspiHouse {
  readonly events: Envelope[] = [];
  readonly #gateway: Subscription;
  #kaspi: RunningProvider | undefined;

  private constructor(
    readonly clock: ManualClock,
    readonly ids: IdFactory,
    readonly bank: RunningBank,
    readonly bus: InProcessBus,
    private readonly database: TestDatabase,
    private readonly gatewayDb: Database,
    private readonly environment: Readonly<Record<string, string>>,
  ) {
    this.#gateway = bus.subscribe('gateway', [EVENTS_TOPIC], async (batch) => {
      this.events.push(...batch);
      return batch.map(() => 'done');
    });
  }

  static async open(options: HouseOptions = {}): Promise<KaspiHouse> {
    const clock = new ManualClock(Date.UTC(2026, 1, 11, 4, 5));
    const database = await testDatabase({ name: 'kaspi_service', migrate: migrateHouse });
    const house = new KaspiHouse(
      clock,
      new IdFactory(clock),
      await RunningBank.start({ clock, ...options.bank }),
      new InProcessBus({
        topology: { [EVENTS_TOPIC]: ['gateway'], [commandsTopic('kaspi')]: ['kaspi'] },
        onError: (error) => {
          throw error;
        },
      }),
      database,
      await Database.connect({ url: database.urlOf(GATEWAY), applicationName: 'spec gateway' }),
      options.environment ?? {},
    );
    await house.start();
    return house;
  }

  async start(): Promise<void> {
    const config = kaspiConfig.load({
      TOLEM_KASPI_DATABASE_URL: this.database.urlOf(KASPI),
      TOLEM_MASTER_KEY: MASTER_KEY,
      // Real time: what the bank does not answer must not hold a spec up.
      TOLEM_KASPI_START_TIMEOUT_MS: '1500',
      TOLEM_KASPI_READ_TIMEOUT_MS: '600',
      ...this.environment,
    });
    this.#kaspi = await startKaspi(config, {
      bus: this.bus,
      schedule: new MemoryPollSchedule(this.clock),
      slots: new MemorySlots(),
      clock: this.clock,
      ids: this.ids,
      logger: createLogger({ service: 'kaspi', level: 'silent' }),
      alone: true,
    });
  }

  async stop(): Promise<void> {
    await this.#kaspi?.close();
    this.#kaspi = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#gateway.close();
    await this.gatewayDb.close();
    await this.bank.close();
    await this.database.drop();
  }

  /** Waits for a condition while time passes for the bank and for the service. */
  until<T>(what: string, condition: () => T | undefined | false, deadlineMs = DEADLINE_MS): Promise<T> {
    return waitFor(
      what,
      () => {
        this.clock.advance(STEP_MS);
        return condition();
      },
      deadlineMs,
    );
  }

  /** A certificate in the vault, put there the way the gateway does it. */
  async certificate(credential: ClientCredential): Promise<string> {
    const id = this.ids.next('crt');
    const sealer = new Sealer(this.gatewayDb, parseMasterKeys(MASTER_KEY), () => this.ids.uuid());
    const secret = {
      certificate: credential.certificatePem,
      private_key: credential.privateKeyPem,
      ...(credential.caPem === undefined ? {} : { ca: credential.caPem }),
    };
    await new Vault(this.gatewayDb, sealer).put(id, 'operator', 'kaspi', secret, Date.now() + DAY_MS);
    return id;
  }

  newConnection(bin: string, tenant: string = this.ids.next('ten')): Connection {
    return { id: this.ids.next('con'), tenant, bin };
  }

  put(connection: Connection, credentialId: string | null, version = 1, baseUrl = this.bank.url): void {
    const body = {
      ...this.head(connection, `${connection.id}:put:${version}`, connection.id),
      connection_version: version,
      base_url: baseUrl,
      scheme: 'r3',
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

  /** A connection that the bank serves. */
  async connect(bin: string, certificate: CertificateName | string = 'partner'): Promise<Connection> {
    const credentialId = certificate.startsWith('crt_')
      ? certificate
      : await this.certificate(this.bank.credential(certificate as CertificateName));
    const connection = this.newConnection(bin);
    this.put(connection, credentialId);
    this.verify(connection);
    await this.until(`the bank to serve ${bin}`, () => this.connection(connection)?.health === 'up');
    return connection;
  }

  /** Starts a payment; returns its id. */
  pay(connection: Connection, options: PayOptions = {}): string {
    const payment = this.ids.next('pay');
    this.startAgain(connection, payment, options);
    return payment;
  }

  /** The same command as often as a spec likes. */
  startAgain(connection: Connection, payment: string, options: PayOptions = {}): void {
    const { amountMinor = 149_000, desk = `dsk_${payment.slice(4)}`, tradePoint = 0 } = options;
    const body = {
      ...this.head(connection, `${payment}:start`, payment),
      device_id: desk,
      method: 'kaspi_qr',
      amount: amountMinor,
      currency: 'KZT' as const,
      reference: null,
      trade_point_ref: options.tradePointRef ?? this.tradePointRef(connection, tradePoint),
      start_by: new Date(options.startBy ?? this.clock.now() + 60_000).toISOString(),
    };
    this.bus.announce(produce(paymentStart, this.address(connection, payment), body));
  }

  cancel(connection: Connection, payment: string): void {
    const body = { ...this.head(connection, `${payment}:cancel`, payment), reason: null };
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
    const ref = this.connection(connection)?.trade_points?.[index]?.ref;
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

  async ended(...payments: readonly string[]): Promise<void> {
    for (const payment of payments) {
      await this.until(`${payment} to end`, () => isFinal(this.state(payment)?.phase ?? 'created'));
    }
  }

  async reached(payment: string, phase: PaymentStatus): Promise<PaymentState> {
    return this.until(`${payment} to be ${phase}`, () => {
      const state = this.state(payment);
      return state?.phase === phase ? state : undefined;
    });
  }

  /** Money by the bank's books and by what we told; equal when nothing was lost and nothing invented. */
  books(): { readonly bankMinor: number; readonly oursMinor: number; readonly paidTwice: string[] } {
    const processed = this.bank.sandbox.ledger().filter((row) => row.kind === 'payment' && row.status === 'Processed');
    const payments = new Set(
      this.events.filter(({ type }) => type === paymentState.type).map(({ subject }) => subject),
    );
    const succeeded = [...payments].flatMap((id) => {
      const state = this.state(id);
      return state?.phase === 'succeeded' ? [state] : [];
    });
    const paidIds = processed.map((row) => row.external_id ?? '');
    return {
      bankMinor: sum(processed.map((row) => row.amount)),
      oursMinor: sum(succeeded.map((state) => state.amount ?? 0)),
      paidTwice: paidIds.filter((id, index) => paidIds.indexOf(id) !== index),
    };
  }

  /** What all commands have in common. */
  private head(connection: Connection, opId: string, subject: string) {
    return {
      op_id: opId,
      subject_id: subject,
      connection_id: connection.id,
      connection_version: 1,
      device_id: null,
      lane: subject,
    };
  }

  private address(connection: Connection, subject: string): Addressed {
    return {
      id: this.ids.next('msg'),
      source: 'gateway',
      subject,
      time: new Date(this.clock.now()).toISOString(),
      tenant: connection.tenant,
      mode: 'test',
      topic: commandsTopic('kaspi'),
      key: subject,
    };
  }
}

async function migrateHouse({ adminUrl, urlOf }: Pick<TestDatabase, 'adminUrl' | 'urlOf'>): Promise<void> {
  await migrateProvider('kaspi', { adminUrl, databaseUrl: urlOf(KASPI) });
  const roles = [roleOfUrl(urlOf(GATEWAY))];
  await migrate({
    adminUrl,
    schema: 'spec_gateway',
    roles,
    directories: [OUTBOX_MIGRATIONS],
    names: { worker: GATEWAY },
  });
  await openVaultTo(adminUrl, urlOf(GATEWAY), { writes: true });
}

type Snapshot = Pick<BodyOf<typeof paymentState>, 'seq'>;

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

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
