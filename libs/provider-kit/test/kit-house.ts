import { randomBytes } from 'node:crypto';
import { commandsTopic, type Envelope, EVENTS_TOPIC, paymentState, type PaymentState } from '@tolem/contracts';
import {
  MemoryAnswers,
  MemoryPollSchedule,
  MemorySlots,
  MemoryTokenBuckets,
  type PollSchedule,
  type Slots,
} from '@tolem/coordination';
import { type Clock, IdFactory, type PaymentStatus, uuidFromId } from '@tolem/domain';
import { InProcessBus } from '@tolem/messaging';
import { createLogger, Metrics } from '@tolem/observability';
import { Database, openVaultTo, parseMasterKeys, Sealer, Vault } from '@tolem/persistence';
import { type DatabaseTemplate, testDatabase, type TestDatabase, waitFor } from '@tolem/testing';
import {
  DEFAULT_KIT_SETTINGS,
  type KitSettings,
  migrateProvider,
  type RunningProvider,
  startProvider,
} from '../src/index.ts';
import { DummyProvider, type Life } from './dummy-provider.ts';
import { LeapingClock } from './leaping-clock.ts';
import { type Payment, PROVIDER, type Shop, StandInGateway } from './stand-in-gateway.ts';

/** Roles live in the whole cluster, so these belong to the specs of this room alone. */
const ROLE = 'provider_kit_spec';
const GATEWAY_ROLE = 'provider_kit_spec_gateway';
export const CREDENTIAL_SECRET = 'very-private-key';

const TEMPLATE: DatabaseTemplate = {
  name: 'provider_kit',
  async migrate(database) {
    await migrateProvider(PROVIDER, { adminUrl: database.adminUrl, databaseUrl: database.urlOf(ROLE) });
  },
};

/** The waits of the product, scaled so that a spec sees all of them within a second or two. */
export const QUICK: KitSettings = {
  ...DEFAULT_KIT_SETTINGS,
  leaseMs: 3_000,
  callMs: 500,
  sweepEveryMs: 50,
  pollTickMs: 10,
  recheckDownMs: 100,
  resolveAfterMs: 600,
  writeMs: 100,
  unchangedReadings: 3,
  unchangedOverMs: 120,
  repeatRefundWithinMs: 20_000,
  chooseWithinMs: 10_000,
  timetable: { graceMs: 20, lookAfterEndMs: [50, 100, 100], lookWhileUnknownMs: [50, 50, 100] },
};

/** One process that runs the provider service. */
export interface Replica {
  readonly service: RunningProvider;
  readonly schedule: PollSchedule;
  readonly metrics: Metrics;
  /** Delivers messages, all at once; resolves when the service has done with them. */
  send(...messages: readonly Envelope[]): Promise<readonly boolean[]>;
  close(): Promise<void>;
  /** As `kill -9` would: nothing more reaches the database or the provider from here, whatever still runs. */
  kill(): Promise<void>;
}

export interface ReplicaOptions {
  readonly settings?: Partial<KitSettings>;
  readonly slots?: Slots;
  readonly schedule?: PollSchedule;
  readonly clock?: Clock;
}

/**
 * A provider service made of the kit and the dummy provider, on a database of its own; every event that it tells is
 * kept here once, in the order of its coming.
 */
export class KitHouse extends StandInGateway {
  readonly dummy = new DummyProvider(this.clock);
  readonly events: Envelope[] = [];
  readonly #heard = new Set<string>();
  readonly logLines: string[] = [];
  /** Shared by all processes, as in Redis. */
  readonly answers = new MemoryAnswers();
  readonly buckets = new MemoryTokenBuckets(this.clock);
  readonly #masterKeys = parseMasterKeys(randomBytes(32).toString('base64'));
  readonly #replicas: Replica[] = [];
  readonly #opened: Database[] = [];
  #sql: Promise<Database> | undefined;

  private constructor(
    readonly database: TestDatabase,
    /** Of all processes that are given no other. */
    override readonly clock: LeapingClock,
  ) {
    super(clock, new IdFactory(clock));
  }

  static async open(): Promise<KitHouse> {
    return new KitHouse(await testDatabase(TEMPLATE), new LeapingClock());
  }

  async close(): Promise<void> {
    await Promise.all(this.#replicas.map((replica) => replica.close()));
    await Promise.all(this.#opened.map((db) => db.close()));
    await this.database.drop();
  }

  /** For looking, and for doing what another process would do. */
  async sql(): Promise<Database> {
    this.#sql ??= Database.connect({
      url: this.database.urlOf(ROLE),
      applicationName: 'provider-kit spec',
      poolSize: 2,
    }).then((db) => {
      this.#opened.push(db);
      return db;
    });
    return this.#sql;
  }

  async start(options: ReplicaOptions = {}): Promise<Replica> {
    const bus = new InProcessBus({
      topology: { [commandsTopic(PROVIDER)]: [PROVIDER], [EVENTS_TOPIC]: ['gateway'] },
      onError: (error) => this.logLines.push(String(error)),
    });
    const heard = bus.subscribe('gateway', [EVENTS_TOPIC], async (batch) => {
      // A message may come twice, as when another process finds it in the outbox; its id tells.
      for (const event of batch) {
        if (!this.#heard.has(event.id)) this.events.push(event);
        this.#heard.add(event.id);
      }
      return batch.map(() => 'done');
    });
    const clock = options.clock ?? this.clock;
    const schedule = options.schedule ?? new MemoryPollSchedule(clock);
    const life: Life = { alive: true };
    const metrics = new Metrics();
    const service = await startProvider(this.dummy.providerFor(life), {
      bus,
      schedule,
      slots: options.slots ?? new MemorySlots(),
      answers: this.answers,
      buckets: this.buckets,
      clock,
      ids: this.ids,
      metrics,
      logger: createLogger({
        service: PROVIDER,
        level: 'debug',
        stream: { write: (line) => void this.logLines.push(line) },
      }),
      masterKeys: this.#masterKeys,
      databaseUrl: this.database.urlOf(ROLE),
      databasePoolSize: 8,
      settings: { ...QUICK, ...options.settings },
    });
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= service.close().then(() => heard.close()));
    const replica: Replica = {
      service,
      schedule,
      metrics,
      close,
      async send(...messages) {
        const rows = messages.map((envelope) => ({ id: envelope.id, consumer: PROVIDER, envelope }));
        return Promise.all(bus.send(rows));
      },
      async kill() {
        life.alive = false;
        await service.db.close();
        // Its own clean-up finds no database any more; only its timers end, when the last call has come back.
        closing = service
          .close()
          .catch(() => undefined)
          .then(() => heard.close());
      },
    };
    this.#replicas.push(replica);
    return replica;
  }

  /** A shop whose connection the service knows. */
  async openShop(replica: Replica, scheme?: string): Promise<Shop> {
    const shop = this.shop();
    await replica.send(this.put(shop, 1, scheme === undefined ? {} : { scheme }));
    return shop;
  }

  /** Seals as the gateway does: with the tenant's key, in base64. */
  async seal(shop: Shop, plain: object, context: string): Promise<string> {
    const tenant = uuidFromId('ten', shop.tenant);
    if (tenant === undefined) throw new Error('no tenant');
    return (await (await this.#sealer()).seal({ tenant }, JSON.stringify(plain), context)).toString('base64');
  }

  async unseal(sealed: string, context: string): Promise<unknown> {
    return JSON.parse((await (await this.#sealer()).open(Buffer.from(sealed, 'base64'), context)).toString('utf8'));
  }

  async #sealer(): Promise<Sealer> {
    return new Sealer(await this.sql(), this.#masterKeys, () => this.ids.uuid());
  }

  /** What was told of a subject, in the order of its coming; what was told anew included. */
  told(subjectId: string): readonly Envelope[] {
    return this.events.filter((event) => event.subject === subjectId);
  }

  states(paymentId: string): readonly PaymentState[] {
    return this.told(paymentId)
      .filter((event) => event.type === paymentState.type)
      .map((event) => paymentState.consume.parse(event.body));
  }

  /** The newest snapshot. */
  last(paymentId: string): PaymentState | undefined {
    return this.states(paymentId)
      .toSorted((a, b) => a.seq - b.seq)
      .at(-1);
  }

  /** Waits until the newest snapshot of a payment shows a phase. */
  async until(payment: Payment, phase: PaymentStatus): Promise<PaymentState> {
    return waitFor(
      `${payment.id} to be ${phase}, seen ${this.states(payment.id)
        .map((state) => state.phase)
        .join()}`,
      () => {
        const state = this.last(payment.id);
        return state?.phase === phase ? state : undefined;
      },
    );
  }

  /** Puts a client certificate into the vault, as the gateway does. */
  async credential(tenantUuid: string): Promise<string> {
    const url = this.database.urlOf(GATEWAY_ROLE);
    await this.#ensureGateway(url);
    const db = await Database.connect({ url, applicationName: 'provider-kit spec gateway', poolSize: 1 });
    this.#opened.push(db);
    const vault = new Vault(db, new Sealer(db, this.#masterKeys, () => this.ids.uuid()));
    const id = this.ids.next('crt');
    await vault.put(
      id,
      { tenant: tenantUuid },
      PROVIDER,
      { certificate: 'certificate', private_key: CREDENTIAL_SECRET },
      this.clock.now() + 86_400_000,
    );
    return id;
  }

  async #ensureGateway(url: string): Promise<void> {
    const admin = await Database.connect({ url: this.database.adminUrl, applicationName: 'provider-kit spec admin' });
    try {
      const { password } = new URL(url);
      await admin.query(
        `DO $$ BEGIN CREATE ROLE ${GATEWAY_ROLE} LOGIN PASSWORD '${password}'; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
      );
    } finally {
      await admin.close();
    }
    await openVaultTo(this.database.adminUrl, url, { writes: true });
  }
}
