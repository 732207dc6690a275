import {
  commandsTopic,
  connectionPut,
  type ConnectionState,
  connectionState,
  connectionVerify,
  type Envelope,
  EVENTS_TOPIC,
  paymentStart,
  paymentState,
  type PaymentState,
  produce,
} from '@tolem/contracts';
import { MemoryAnswers, MemoryPollSchedule, MemorySlots, MemoryTokenBuckets } from '@tolem/coordination';
import { IdFactory, isFinal, ManualClock, type PaymentStatus } from '@tolem/domain';
import { InProcessBus } from '@tolem/messaging';
import { createLogger, Metrics } from '@tolem/observability';
import { Database, migrate, openVaultTo, OUTBOX_MIGRATIONS, parseMasterKeys, roleOfUrl, Sealer, Vault } from '@tolem/persistence';
import { migrateProvider, type RunningProvider } from '@tolem/provider-kit';
import { testDatabase, type TestDatabase, waitFor } from '@tolem/testing';
import { __name__Config } from '../src/config.ts';
import { start__Name__ } from '../src/__name__.ts';
import { type Certificates, type Issued, makeCertificates } from './certificates.ts';
import { __Name__StandIn } from './__name__-stand-in.ts';

const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');
const ROLE = 'tolem___name__';
/** Puts secrets into the vault and can read none of them, like the gateway. */
const GATEWAY_ROLE = 'tolem___name___spec_gateway';
/** Time passes this much per look at a condition. */
const STEP_MS = 100;
const DAY_MS = 86_400_000;

export interface Connection {
  readonly id: string;
  readonly tenant: string;
}

/**
 * The real service on a real database, with the bus in memory, the stand-in provider at the other end of a real TLS
 * connection, and in the gateway's place somebody who gives commands and writes down what he hears. A clock that moves
 * while a spec waits stands for all of the time.
 */
export class __Name__House {
  readonly clock = new ManualClock(Date.UTC(2026, 1, 11, 4, 5));
  readonly ids = new IdFactory(this.clock);
  readonly events: Envelope[] = [];
  /** Every line that the service has written. */
  readonly log: string[] = [];
  readonly #bus = new InProcessBus({
    topology: { [EVENTS_TOPIC]: ['gateway'], [commandsTopic('__name__')]: ['__name__'] },
    onError: (error) => {
      throw error;
    },
  });
  readonly #heard = this.#bus.subscribe('gateway', [EVENTS_TOPIC], async (batch) => {
    this.events.push(...batch);
    return batch.map(() => 'done');
  });
  #service: RunningProvider | undefined;

  private constructor(
    readonly provider: __Name__StandIn,
    readonly certificates: Certificates,
    private readonly database: TestDatabase,
    private readonly gatewayDb: Database,
  ) {}

  static async open(): Promise<__Name__House> {
    const certificates = await makeCertificates();
    const database = await serviceDatabase();
    const house = new __Name__House(
      await __Name__StandIn.start(certificates),
      certificates,
      database,
      await Database.connect({ url: database.urlOf(GATEWAY_ROLE), applicationName: 'spec gateway' }),
    );
    await house.start();
    return house;
  }

  async start(): Promise<void> {
    const config = __name__Config.load({
      TOLEM___NAME___DATABASE_URL: this.database.urlOf(ROLE),
      TOLEM_MASTER_KEY: MASTER_KEY,
      // Real time: what the provider does not answer must not hold a spec up.
      TOLEM___NAME___START_TIMEOUT_MS: '1500',
      TOLEM___NAME___READ_TIMEOUT_MS: '600',
    });
    this.#service = await start__Name__(config, {
      bus: this.#bus,
      schedule: new MemoryPollSchedule(this.clock),
      slots: new MemorySlots(),
      answers: new MemoryAnswers(),
      buckets: new MemoryTokenBuckets(this.clock),
      clock: this.clock,
      ids: this.ids,
      logger: createLogger({
        service: '__name__',
        level: 'debug',
        stream: { write: (line) => void this.log.push(line) },
      }),
      metrics: new Metrics(),
      alone: true,
    });
  }

  async stop(): Promise<void> {
    await this.#service?.close();
    this.#service = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#heard.close();
    await this.gatewayDb.close();
    await this.provider.close();
    await this.database.drop();
  }

  /** Waits for a condition while time passes for the service. */
  until<T>(what: string, condition: () => T | undefined | false): Promise<T> {
    return waitFor(what, () => {
      this.clock.advance(STEP_MS);
      return condition();
    });
  }

  /** A connection under this certificate, and what the service says of it. */
  async connect(issued: Issued = this.certificates.client): Promise<Connection & { state: ConnectionState }> {
    const connection = { id: this.ids.next('con'), tenant: this.ids.next('ten') };
    const head = { ...this.#head(connection.id, connection.id), op_id: `${connection.id}:put` };
    const put = {
      ...head,
      base_url: this.provider.url,
      scheme: 'v1',
      tax_id: '180340021791',
      credential_id: await this.#certificate(issued),
      options: {},
      enabled: true,
    };
    this.#bus.announce(produce(connectionPut, this.#address(connection, connection.id), put));
    const verify = { ...head, op_id: `${connection.id}:verify` };
    this.#bus.announce(produce(connectionVerify, this.#address(connection, connection.id), verify));
    const state = await this.until('news of the connection', () =>
      this.#told<ConnectionState>(connectionState.type, connection.id).at(-1),
    );
    return { ...connection, state };
  }

  /** Starts a payment; returns its id. */
  pay(connection: Connection, more: { amountMinor?: number; startBy?: number; method?: string } = {}): string {
    const payment = this.ids.next('pay');
    const body = {
      ...this.#head(payment, connection.id),
      op_id: `${payment}:start`,
      method: more.method ?? '__name___qr',
      amount: more.amountMinor ?? 149_000,
      currency: '__currency__' as const,
      reference: null,
      trade_point_ref: null,
      start_by: new Date(more.startBy ?? this.clock.now() + 60_000).toISOString(),
    };
    this.#bus.announce(produce(paymentStart, this.#address(connection, payment), body));
    return payment;
  }

  state(payment: string): PaymentState | undefined {
    return this.#told<PaymentState>(paymentState.type, payment).at(-1);
  }

  phases(payment: string): (PaymentStatus | null)[] {
    return this.#told<PaymentState>(paymentState.type, payment).map(({ phase }) => phase);
  }

  /** The payment once it is in this phase. */
  reached(payment: string, phase: PaymentStatus): Promise<PaymentState> {
    return this.until(`${payment} to be ${phase}`, () => {
      const state = this.state(payment);
      return state?.phase === phase ? state : undefined;
    });
  }

  ended(payment: string): Promise<PaymentState> {
    return this.until(`${payment} to end`, () => {
      const state = this.state(payment);
      return state !== undefined && isFinal(state.phase ?? 'created') ? state : undefined;
    });
  }

  /** The provider's id of what it made last for a payment that is shown. */
  async shown(payment: string): Promise<string> {
    const { provider_ref: ref } = await this.reached(payment, 'requires_customer');
    if (ref === null) throw new Error(`${payment} is shown without the provider's id`);
    return ref;
  }

  /** Snapshots of a subject by their numbers, each once: messages may come twice and in any order. */
  #told<S extends { readonly seq: number }>(type: string, subject: string): S[] {
    const bodies = this.events.filter((event) => event.type === type && event.subject === subject);
    const bySeq = new Map(bodies.map(({ body }) => [(body as S).seq, body as S]));
    return [...bySeq.values()].sort((left, right) => left.seq - right.seq);
  }

  /** A certificate in the vault, put there the way the gateway does it. */
  async #certificate({ certificatePem, privateKeyPem }: Issued): Promise<string> {
    const id = this.ids.next('crt');
    const vault = new Vault(
      this.gatewayDb,
      new Sealer(this.gatewayDb, parseMasterKeys(MASTER_KEY), () => this.ids.uuid()),
    );
    const secret = { certificate: certificatePem, private_key: privateKeyPem, ca: this.certificates.caPem };
    await vault.put(id, 'operator', '__name__', secret, Date.now() + DAY_MS);
    return id;
  }

  #head(subject: string, connection: string) {
    return { subject_id: subject, connection_id: connection, connection_version: 1, device_id: null, lane: subject };
  }

  #address(connection: Connection, subject: string) {
    return {
      id: this.ids.next('msg'),
      source: 'gateway',
      subject,
      time: new Date(this.clock.now()).toISOString(),
      tenant: connection.tenant,
      mode: 'test' as const,
      topic: commandsTopic('__name__'),
      key: subject,
    };
  }
}

/** A database with everything that the service finds in production and nothing else. */
function serviceDatabase(): Promise<TestDatabase> {
  return testDatabase({
    name: '__name___service',
    async migrate({ adminUrl, urlOf }) {
      await migrateProvider('__name__', { adminUrl, databaseUrl: urlOf(ROLE) });
      await migrate({
        adminUrl,
        schema: 'spec_gateway',
        roles: [roleOfUrl(urlOf(GATEWAY_ROLE))],
        directories: [OUTBOX_MIGRATIONS],
        names: { worker: GATEWAY_ROLE },
      });
      await openVaultTo(adminUrl, urlOf(GATEWAY_ROLE), { writes: true });
    },
  });
}
