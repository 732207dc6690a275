import {
  commandsTopic,
  type ConnectionState,
  connectionState,
  type Envelope,
  EVENTS_TOPIC,
  produce,
  type ProviderDescriptor,
  PROVIDERS,
} from '@tolem/contracts';
import { MemoryAnswers, MemoryWakeUps } from '@tolem/coordination';
import { type Clock, IdFactory, systemClock } from '@tolem/domain';
import { InProcessBus } from '@tolem/messaging';
import { createLogger, Metrics } from '@tolem/observability';
import { type TestDatabase, testDatabase, waitFor } from '@tolem/testing';
import pg from 'pg';
import type { GatewayConfig } from '../config.ts';
import { type RunningGateway, startGateway } from '../gateway.ts';
import { migrateGateway } from '../migrate-gateway.ts';
import { ApiClient, type Reply } from './api-client.ts';
import { binOf } from './tax-ids.ts';
import { testCertificate } from './certificate.ts';

export const OPERATOR_KEY = `tlm_op_${'0123456789'.repeat(5)}ab`;
const APP = 'tolem_gateway';
const WORKER = 'tolem_gateway_worker';

const [provider] = PROVIDERS;
if (provider === undefined) throw new Error('the contracts name no provider');
/** The provider that specs speak of: whichever the contracts name first. */
export const PROVIDER: ProviderDescriptor = provider;
const [scheme] = PROVIDER.schemes;
if (scheme === undefined) throw new Error('the provider has no scheme');
export const SCHEME = scheme.name;
export const BASE_URL = 'https://provider.test';

export interface HarnessOptions {
  readonly clock?: Clock;
  readonly config?: Partial<GatewayConfig>;
}

/** A tenant ready to take payments. */
export interface Shop {
  readonly tenant: string;
  readonly key: string;
  readonly api: ApiClient;
  readonly organization: string;
  readonly taxId: string;
  readonly certificate: string;
  readonly connection: string;
  readonly tradePoints: readonly string[];
}

/**
 * The gateway as it runs, on a database of its own, with an in-process bus. Where a provider's service would be stands a
 * recorder: specs read `commands` and answer by `tell`.
 */
export class GatewayHarness {
  /** What the gateway has sent to the provider's service, in order. */
  readonly commands: Envelope[] = [];
  readonly operator: ApiClient;
  #script: (command: Envelope) => void = () => undefined;
  #shops = 0;
  #keys = 0;

  private constructor(
    readonly gateway: RunningGateway,
    readonly bus: InProcessBus,
    readonly ids: IdFactory,
    readonly clock: Clock,
    readonly database: TestDatabase,
    readonly config: GatewayConfig,
    /** What the gateway has logged, line by line. */
    readonly logLines: readonly string[],
    /** Where the provider's stand-in answers questions. */
    readonly answers: MemoryAnswers,
  ) {
    this.operator = this.api(OPERATOR_KEY);
  }

  static async start(options: HarnessOptions = {}): Promise<GatewayHarness> {
    const clock = options.clock ?? systemClock;
    const database = await testDatabase({
      name: 'gateway',
      migrate: async ({ adminUrl, urlOf }) => {
        await migrateGateway({ adminUrl, databaseUrl: urlOf(APP), workerDatabaseUrl: urlOf(WORKER) });
      },
    });
    const config: GatewayConfig = {
      host: '127.0.0.1',
      port: 0,
      databaseUrl: database.urlOf(APP),
      workerDatabaseUrl: database.urlOf(WORKER),
      poolSize: 10,
      workerPoolSize: 5,
      masterKey: Buffer.alloc(32, 7).toString('base64'),
      operatorKey: OPERATOR_KEY,
      providerUrls: { [PROVIDER.name]: { test: { [SCHEME]: BASE_URL }, live: { [SCHEME]: `${BASE_URL}/live` } } },
      trustedProxies: [],
      maxWaiters: 1_000,
      webhookAllowedNetworks: [],
      ...options.config,
    };
    const ids = new IdFactory(clock);
    const lines: string[] = [];
    const logger = createLogger({
      service: 'gateway',
      level: 'info',
      stream: { write: (line) => void lines.push(line) },
    });
    const topology = {
      ...Object.fromEntries(PROVIDERS.map(({ name }) => [commandsTopic(name), [name]])),
      [EVENTS_TOPIC]: ['gateway'],
    };
    const bus = new InProcessBus({ topology, onError: (error) => logger.error({ err: error }, 'bus') });
    const wakeUps = new MemoryWakeUps();
    const answers = new MemoryAnswers();
    const gateway = await startGateway(config, { bus, wakeUps, answers, clock, ids, logger, metrics: new Metrics() });
    const harness = new GatewayHarness(gateway, bus, ids, clock, database, config, lines, answers);
    harness.#listen();
    return harness;
  }

  /** Calls with this key; null sends no Authorization header. */
  api(key: string | null): ApiClient {
    return new ApiClient(this.gateway.url, key, () => this.nextKey());
  }

  /** An Idempotency-Key that this spec has not used yet. */
  nextKey(): string {
    this.#keys += 1;
    return `spec-${this.#keys}`;
  }

  /** What the provider's stand-in does with each command; by default it only records them. */
  onCommand(script: (command: Envelope) => void): void {
    this.#script = script;
  }

  commandsOf(type: string): Envelope[] {
    return this.commands.filter((command) => command.type === type);
  }

  /** Waits until `count` commands of this type have come that `filter` wants. */
  waitForCommands(type: string, count = 1, filter: (command: Envelope) => boolean = () => true): Promise<Envelope[]> {
    return waitFor(`${count} × ${type}`, () => {
      const found = this.commandsOf(type).filter(filter);
      return found.length >= count ? found : undefined;
    });
  }

  /** Publishes an event as a provider's service does. */
  tell(envelope: Envelope): void {
    this.bus.announce(envelope);
  }

  /** What a provider's service says of a connection. */
  tellConnectionState(connection: string, state: Partial<ConnectionState> = {}): void {
    const time = new Date(this.clock.now()).toISOString();
    const address = {
      id: this.ids.next('msg'),
      source: PROVIDER.name,
      subject: connection,
      time,
      tenant: null,
      mode: 'test' as const,
      topic: EVENTS_TOPIC,
      key: connection,
    };
    const body: ConnectionState = {
      subject_id: connection,
      seq: 1,
      op_id: null,
      observed_at: time,
      connection_version: 1,
      health: 'up',
      reason: null,
      trade_points: null,
      ...state,
    };
    this.tell(produce(connectionState, address, body));
  }

  /** A tenant with its first key. */
  async tenant(name = 'Small Shops LLP'): Promise<{ tenant: string; key: string; api: ApiClient }> {
    const made = expectMade(await this.operator.post('/v1/tenants', { name }));
    const key = made.string('/api_key/secret');
    return { tenant: made.string('/id'), key, api: this.api(key) };
  }

  /** The shared certificate of this installation. */
  async certificate(): Promise<string> {
    const body = { provider: PROVIDER.name, scheme: SCHEME, name: 'shared', ...testCertificate() };
    return expectMade(await this.operator.post('/v1/certificates', body)).string('/id');
  }

  /** An organization of the provider's country. @param taxId by default one that nobody has yet */
  async organization(
    api: ApiClient,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<{ organization: string; taxId: string }> {
    this.#shops += 1;
    const taxId = binOf(this.#shops);
    const body = { country: PROVIDER.country, tax_id: taxId, name: `Shop ${this.#shops}`, ...more };
    return { organization: expectMade(await api.post('/v1/organizations', body)).string('/id'), taxId };
  }

  /** Lets a tenant act for tax ids under a certificate; the list replaces the one before. */
  async grant(certificate: string, tenant: string, taxIds: readonly string[]): Promise<void> {
    const reply = await this.operator.put(`/v1/certificates/${certificate}/grants/${tenant}`, { tax_ids: taxIds });
    if (reply.status !== 200) throw new Error(`no grant: ${reply.text}`);
  }

  /** Tenant, key, organization, certificate, grant, verified connection and trade points, all over the public API. */
  async onboard(
    options: { tradePoints?: number; maxAmount?: number; tenant?: { tenant: string; key: string } } = {},
  ): Promise<Shop> {
    const { tenant, key } = options.tenant ?? (await this.tenant());
    const api = this.api(key);
    const limit = options.maxAmount === undefined ? {} : { max_amount: options.maxAmount };
    const { organization, taxId } = await this.organization(api, limit);
    const certificate = await this.certificate();
    await this.grant(certificate, tenant, [taxId]);
    const body = { provider: PROVIDER.name, scheme: SCHEME, certificate };
    const connection = expectMade(await api.post(`/v1/organizations/${organization}/connections`, body)).string('/id');
    const points = Array.from({ length: options.tradePoints ?? 3 }, (_, index) => ({
      ref: String(index + 1),
      name: `Point ${index + 1}`,
    }));
    this.tellConnectionState(connection, { trade_points: points });
    await waitFor(
      'a verified connection',
      async () => (await api.get(`/v1/connections/${connection}`)).at('/status') === 'verified',
    );
    const listed = await api.get(`/v1/organizations/${organization}/trade_points`);
    const tradePoints = listed.list().map((point) => String(point['id']));
    return { tenant, key, api, organization, taxId, certificate, connection, tradePoints };
  }

  /** Looks behind the scenes with the superuser, all tenants. */
  async rows<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.database.adminUrl, options: '-c search_path=gateway' });
    await client.connect();
    try {
      return (await client.query<Row>(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.database.drop();
  }

  #listen(): void {
    for (const { name } of PROVIDERS) {
      this.bus.subscribe(name, [commandsTopic(name)], async (batch) => {
        for (const command of batch) {
          this.commands.push(command);
          this.#script(command);
        }
        return batch.map(() => 'done');
      });
    }
  }
}

function expectMade(reply: Reply): Reply {
  if (reply.status !== 201) throw new Error(`not made: ${reply.status} ${reply.text}`);
  return reply;
}
