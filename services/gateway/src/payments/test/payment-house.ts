import { randomBytes } from 'node:crypto';
import { DEFAULT_PAYMENT_SETTINGS, type PaymentSettings } from '../payment-settings.ts';
import {
  commandsTopic,
  type Envelope,
  EVENTS_TOPIC,
  methodNamed,
  PROVIDERS,
  type SchemeDescriptor,
} from '@tolem/contracts';
import { MemoryWakeUps } from '@tolem/coordination';
import { idFromUuid, IdFactory, ManualClock, uuidFromId } from '@tolem/domain';
import { InProcessBus, type Subscription } from '@tolem/messaging';
import { createLogger } from '@tolem/observability';
import { Database, Outbox, parseMasterKeys, Sealer } from '@tolem/persistence';
import { testDatabase } from '@tolem/testing';
import pg from 'pg';
import { DigestKeys } from '../../digest-keys.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { fingerprint } from '../../http/attempt.ts';
import { migrateGateway } from '../../migrate-gateway.ts';
import { ApplyPaymentFacts } from '../apply-payment-facts/apply-payment-facts.ts';
import { CancelPayment } from '../cancel-payment/cancel-payment.ts';
import { CreatePayment } from '../create-payment/create-payment.ts';
import { PersonalFields } from '../create-payment/personal-fields.ts';
import type { CreatePaymentBody } from '../create-payment/create-payment.schema.ts';
import { ImportPayment } from '../import-payment/import-payment.ts';
import { RefreshPayment } from '../refresh-payment/refresh-payment.ts';
import { OutboxRows } from '../../outbox-rows.ts';
import { OutboxPressure } from '../create-payment/outbox-pressure.ts';
import type { PaymentRow } from '../payment-row.ts';
import { type PaymentAddress, PaymentStore } from '../payment-store.ts';
import type { PaymentView } from '../payment.view.ts';
import { ReadPayment } from '../read-payment/read-payment.ts';
import { SweepPayments } from '../sweep-payments/sweep-payments.ts';
import { Waiters } from '../waiting/waiters.ts';

/** The first provider and method of the list: specs of payments need any one, not a certain one. */
const [provider] = PROVIDERS;
const [method] = provider?.methods ?? [];
if (provider === undefined || method === undefined) throw new Error('no provider has a payment method');
export const PROVIDER = provider;
export const METHOD = method;
if (methodNamed(METHOD.type)?.provider !== PROVIDER) throw new Error('the method is another provider’s');

/** A scheme of it under which money goes back without the buyer. */
export const SCHEME = schemeThat('at_once');

const APP = 'tolem_gateway';
const WORKER = 'tolem_gateway_worker';

/** A tenant with one organization that is connected to the provider and has some trade points. */
export interface Shop {
  readonly caller: KeyAuth;
  /** `org_…` */
  readonly organization: string;
  readonly organizationId: string;
  readonly connectionId: string;
  /** `tp_…` */
  readonly tradePoints: readonly string[];
}

export interface Reply {
  readonly status: number;
  readonly body: PaymentView;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The room of payments on a real database of its own, without HTTP: use cases as the controllers call them, a bus that
 * records commands instead of carrying them out, and time that a spec moves.
 */
export class PaymentHouse {
  readonly clock = new ManualClock(Date.UTC(2026, 10, 22, 12));
  readonly ids = new IdFactory(this.clock);
  readonly wakeUps = new MemoryWakeUps();
  readonly closing = new AbortController();
  readonly commands: Envelope[] = [];
  readonly bus = new InProcessBus({
    topology: {
      ...Object.fromEntries(PROVIDERS.map(({ name }) => [commandsTopic(name), [name]])),
      [EVENTS_TOPIC]: ['gateway'],
    },
    onError: (error) => {
      throw error;
    },
  });
  readonly outbox: Outbox;
  readonly store: CountingStore;
  readonly waiters: Waiters;
  readonly pressure: OutboxPressure;
  readonly sealer: Sealer;
  readonly create: CreatePayment;
  readonly read: ReadPayment;
  readonly cancel: CancelPayment;
  readonly refresh: RefreshPayment;
  readonly import: ImportPayment;
  readonly outboxRows: OutboxRows;
  readonly apply: ApplyPaymentFacts;
  readonly sweeper: SweepPayments;
  #provider: Subscription;
  #keys = 0;

  private constructor(
    readonly app: Database,
    readonly worker: Database,
    readonly admin: pg.Client,
    readonly settings: PaymentSettings,
    private readonly drop: () => Promise<void>,
  ) {
    const logger = createLogger({ service: 'gateway', level: 'silent' });
    this.outbox = new Outbox({
      db: worker,
      transport: this.bus,
      newId: () => this.ids.uuid(),
      onError: (error) => {
        throw error;
      },
    });
    this.store = new CountingStore(app);
    this.waiters = new Waiters(this.wakeUps, this.closing.signal, settings);
    this.pressure = new OutboxPressure(this.outbox, this.clock, settings, logger);
    this.sealer = new Sealer(worker, parseMasterKeys(Buffer.alloc(32, 7).toString('base64')), () => this.ids.uuid());
    const digestKeys = new DigestKeys(app, this.sealer, (n) => randomBytes(n));
    const personal = new PersonalFields(this.sealer, digestKeys);
    this.create = new CreatePayment(
      this.store,
      this.waiters,
      this.pressure,
      personal,
      this.outbox,
      this.clock,
      this.ids,
    );
    this.read = new ReadPayment(this.store, this.waiters, this.clock);
    this.outboxRows = new OutboxRows(this.outbox, this.clock, this.ids);
    this.cancel = new CancelPayment(this.store, this.outboxRows, this.wakeUps, this.clock, this.ids);
    this.refresh = new RefreshPayment(this.store, this.waiters, this.outboxRows, this.wakeUps, this.clock);
    this.import = new ImportPayment(this.store, this.wakeUps, this.clock, this.ids);
    this.apply = new ApplyPaymentFacts(
      worker,
      this.waiters,
      this.outboxRows,
      this.wakeUps,
      this.clock,
      this.ids,
      logger,
    );
    this.sweeper = new SweepPayments(worker, this.bus, this.clock, this.ids, settings, logger);
    this.#provider = this.#record();
  }

  static async open(settings: Partial<PaymentSettings> = {}): Promise<PaymentHouse> {
    const database = await testDatabase({
      name: 'gateway',
      migrate: async ({ adminUrl, urlOf }) => {
        await migrateGateway({ adminUrl, databaseUrl: urlOf(APP), workerDatabaseUrl: urlOf(WORKER) });
      },
    });
    const app = await Database.connect({ url: database.urlOf(APP), applicationName: 'spec' });
    const worker = await Database.connect({ url: database.urlOf(WORKER), applicationName: 'spec worker' });
    const admin = new pg.Client({ connectionString: database.adminUrl, options: '-c search_path=gateway' });
    await admin.connect();
    return new PaymentHouse(app, worker, admin, { ...DEFAULT_PAYMENT_SETTINGS, ...settings }, () => database.drop());
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.#provider.close();
    await this.outbox.stop();
    await this.app.close();
    await this.worker.close();
    await this.admin.end();
    await this.drop();
  }

  /** What is sent while nobody is there stays in the outbox, as after a crash between commit and publish. */
  async whileNobodyConsumes<T>(work: () => Promise<T>): Promise<T> {
    await this.#provider.close();
    const result = await work();
    // What waits in the queue of the process is gone with the process.
    await this.#record().close();
    this.#provider = this.#record();
    return result;
  }

  #record(): Subscription {
    return this.bus.subscribe(PROVIDER.name, [commandsTopic(PROVIDER.name)], async (batch) => {
      this.commands.push(...batch);
      return batch.map(() => 'done');
    });
  }

  /** Looks behind the scenes, all tenants. */
  async rows<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.admin.query<Row>(sql, [...values])).rows;
  }

  async count(sql: string, values: readonly unknown[] = []): Promise<number> {
    const [row] = await this.rows<{ count: string }>(`SELECT count(*) FROM ${sql}`, values);
    return Number(row?.count);
  }

  async shop(
    options: { tradePoints?: number; maxAmount?: number; health?: string; tenantId?: string; scheme?: string } = {},
  ): Promise<Shop> {
    const tenantId = options.tenantId ?? this.ids.uuid();
    const organizationId = this.ids.uuid();
    const connectionId = this.ids.uuid();
    const points = Array.from({ length: options.tradePoints ?? 3 }, () => this.ids.uuid());
    await this.rows(`INSERT INTO tenant (id, name) VALUES ($1, 'Chain') ON CONFLICT DO NOTHING`, [tenantId]);
    await this.rows(
      `INSERT INTO organization (id, tenant_id, mode, country, tax_id, tax_id_kind, name, timezone, max_amount)
       VALUES ($1, $2, 'test', $3, right($1::uuid::text, 12), 'BIN', 'Shop', 'Asia/Almaty', $4)`,
      [organizationId, tenantId, PROVIDER.country, options.maxAmount ?? 100_000_000],
    );
    await this.rows(
      `INSERT INTO connection (id, tenant_id, mode, organization_id, provider, scheme, base_url, health, verifying, version)
       VALUES ($1, $2, 'test', $3, $4, $6, 'https://provider.test', $5, false, 4)`,
      [connectionId, tenantId, organizationId, PROVIDER.name, options.health ?? 'up', options.scheme ?? SCHEME],
    );
    for (const [index, point] of points.entries()) {
      await this.rows(
        `INSERT INTO trade_point (id, tenant_id, mode, organization_id, connection_id, provider, provider_ref, name)
         VALUES ($1, $2, 'test', $3, $4, $5, $6, 'Point')`,
        [point, tenantId, organizationId, connectionId, PROVIDER.name, String(index + 1)],
      );
    }
    return {
      caller: {
        kind: 'key',
        keyId: this.ids.uuid(),
        tenantId,
        tenant: idFromUuid('ten', tenantId),
        mode: 'test',
        scopes: ['admin'],
        organizations: null,
        ips: null,
      },
      organization: idFromUuid('org', organizationId),
      organizationId,
      connectionId,
      tradePoints: points.map((point) => idFromUuid('tp', point)),
    };
  }

  /** A body as the schema lets it through. */
  body(shop: Shop, changes: Partial<CreatePaymentBody> = {}): CreatePaymentBody {
    const [tradePoint] = shop.tradePoints;
    return {
      organization: shop.organization,
      desk: 'desk-01',
      ...(tradePoint === undefined ? {} : { trade_point: tradePoint }),
      amount: 149_000,
      currency: PROVIDER.currency,
      method: { type: METHOD.type },
      ...changes,
    };
  }

  async pay(shop: Shop, body: CreatePaymentBody = this.body(shop), key = this.key(), waitMs = 0): Promise<Reply> {
    const attempt = { route: 'POST /v1/payments', key, hash: fingerprint('/v1/payments', body) };
    const gone = new AbortController().signal;
    return (await this.create.run({
      caller: shop.caller,
      attempt,
      body,
      waitMs,
      gone,
      traceparent: undefined,
    })) as Reply;
  }

  key(): string {
    this.#keys += 1;
    return `key-${this.#keys}`;
  }

  async get(shop: Shop, id: string): Promise<PaymentView> {
    return ((await this.read.now(shop.caller, { id: uuidOf(id) })) as Reply).body;
  }

  /** Facts of the provider, in one batch. */
  async tell(...facts: readonly Fact[]): Promise<void> {
    await this.apply.run(facts.map((fact) => this.event(fact)));
  }

  event(fact: Fact): Envelope {
    const { type, body } = factMessage(fact);
    return {
      id: this.ids.next('msg'),
      type,
      schema: 1,
      source: PROVIDER.name,
      subject: fact.payment,
      time: new Date(this.clock.now()).toISOString(),
      tenant: null,
      mode: 'test',
      topic: EVENTS_TOPIC,
      key: fact.payment,
      body,
    };
  }
}

/** Tells when a read has come back, so that a spec can let something happen after it. */
class CountingStore extends PaymentStore {
  finishedReads = 0;

  override async read(caller: KeyAuth, address: PaymentAddress): Promise<PaymentRow | undefined> {
    const row = await super.read(caller, address);
    this.finishedReads += 1;
    return row;
  }
}

/** A message of the provider, in short; what is not given is nothing. */
export interface Fact {
  readonly payment: string;
  /** Absent: a progress message. */
  readonly seq?: number;
  readonly phase: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

const OBSERVED_AT = '2026-11-22T12:00:00.000Z';

function factMessage({ payment, seq, phase, more }: Fact): { type: string; body: unknown } {
  if (seq === undefined) {
    return {
      type: 'payment.progress',
      body: { subject_id: payment, observed_at: OBSERVED_AT, phase, expires_at: null, ...more },
    };
  }
  const snapshot = {
    subject_id: payment,
    seq,
    op_id: null,
    observed_at: OBSERVED_AT,
    phase,
    provider_ref: null,
    amount: null,
    next_action: null,
    payment_methods: [],
    slip: null,
    cancel: null,
    failure: null,
    evidence: 'stated',
  };
  return { type: 'payment.state', body: { ...snapshot, ...more } };
}

/** Name of a scheme of the provider under which money goes back in this way. */
export function schemeThat(refund: SchemeDescriptor['refund']): string {
  const scheme = PROVIDER.schemes.find((one) => one.refund === refund);
  if (scheme === undefined) throw new Error(`no scheme refunds ${refund}`);
  return scheme.name;
}

export function uuidOf(id: string): string {
  const uuid = uuidFromId('pay', id) ?? uuidFromId('ref', id);
  if (uuid === undefined) throw new Error(`${id} is no payment and no refund`);
  return uuid;
}
