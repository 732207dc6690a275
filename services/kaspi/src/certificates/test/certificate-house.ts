import { readFileSync } from 'node:fs';
import {
  type Addressed,
  certificateActivate,
  certificateCreateCsr,
  certificateInstall,
  certificateState,
  type CertificateState,
  commandsTopic,
  connectionPut,
  connectionState,
  connectionVerify,
  type Envelope,
  EVENTS_TOPIC,
  produce,
} from '@tolem/contracts';
import { MemoryAnswers, MemoryPollSchedule, MemorySlots, MemoryTokenBuckets } from '@tolem/coordination';
import { IdFactory, systemClock } from '@tolem/domain';
import { InProcessBus } from '@tolem/messaging';
import { createLogger, Metrics } from '@tolem/observability';
import { type CredentialPlace, Database, parseMasterKeys, Sealer, Vault } from '@tolem/persistence';
import type { RunningProvider } from '@tolem/provider-kit';
import { type TestDatabase, waitFor } from '@tolem/testing';
import { GATEWAY_ROLE, KASPI_ROLE, kaspiDatabase } from '../../../test/kaspi-database.ts';
import { BIN, RunningBank } from '../../../test/running-bank.ts';
import { kaspiConfig } from '../../config.ts';
import { startKaspi } from '../../kaspi.ts';

const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');
const DAY_MS = 86_400_000;
const LONG_MS = 20_000;

export const SUBJECT = {
  region: 'Almaty',
  town: 'Almaty',
  organization: 'Small Shops LLP',
  common_name: 'pay.shops.example',
  email: 'it@shops.example',
};

interface Issued {
  readonly certificate: string;
  readonly root: string;
  readonly intermediate: string;
}

/** The real service in real time, the simulated bank over real TLS, and somebody in the gateway's place. */
export class CertificateHouse {
  readonly events: Envelope[] = [];
  readonly log: string[] = [];
  readonly ids = new IdFactory(systemClock);
  readonly #tenant = this.ids.next('ten');
  readonly #services: RunningProvider[] = [];

  private constructor(
    private readonly bus: InProcessBus,
    readonly bank: RunningBank,
    readonly database: TestDatabase,
    private readonly gatewayDb: Database,
  ) {
    bus.subscribe('gateway', [EVENTS_TOPIC], async (batch) => {
      this.events.push(...batch);
      return batch.map(() => 'done');
    });
  }

  static async open(): Promise<CertificateHouse> {
    const database = await kaspiDatabase();
    return new CertificateHouse(
      new InProcessBus({
        topology: { [EVENTS_TOPIC]: ['gateway'], [commandsTopic('kaspi')]: ['kaspi'] },
        onError: (error) => {
          throw error;
        },
      }),
      await RunningBank.start(),
      database,
      await Database.connect({ url: database.urlOf(GATEWAY_ROLE), applicationName: 'spec gateway' }),
    );
  }

  async start(environment: Readonly<Record<string, string>> = {}): Promise<RunningProvider> {
    const config = kaspiConfig.load({
      TOLEM_KASPI_DATABASE_URL: this.database.urlOf(KASPI_ROLE),
      TOLEM_MASTER_KEY: MASTER_KEY,
      TOLEM_KASPI_CONNECT_TIMEOUT_MS: '2000',
      ...environment,
    });
    const service = await startKaspi(config, {
      bus: this.bus,
      schedule: new MemoryPollSchedule(systemClock),
      slots: new MemorySlots(),
      answers: new MemoryAnswers(),
      buckets: new MemoryTokenBuckets(systemClock),
      clock: systemClock,
      ids: this.ids,
      metrics: new Metrics(),
      logger: createLogger({ service: 'kaspi', level: 'debug', stream: { write: (line) => void this.log.push(line) } }),
      alone: true,
    });
    this.#services.push(service);
    return service;
  }

  async close(): Promise<void> {
    for (const service of this.#services) await service.close();
    await this.gatewayDb.close();
    await this.bank.close();
    await this.database.drop();
  }

  createCsr(id: string, version = 1): void {
    const body = { ...this.#head(id, version, 'csr'), subject: SUBJECT };
    this.bus.announce(produce(certificateCreateCsr, this.#address(id), body));
  }

  install(id: string, issued: Issued, version = 1): void {
    const ca = `${issued.intermediate}\n${issued.root}`;
    const body = { ...this.#head(id, version, 'install'), certificate: issued.certificate, ca };
    this.bus.announce(produce(certificateInstall, this.#address(id), body));
  }

  activate(id: string, version: number, from: { certificate_id: string; version: number } | null = null): void {
    const body = { ...this.#head(id, version, 'activate'), from };
    this.bus.announce(produce(certificateActivate, this.#address(id), body));
  }

  /** A pair in the vault, put there the way the gateway does it. */
  async keep(id: string, name: 'partner' | 'foreign', place: CredentialPlace = {}): Promise<void> {
    const { certificatePem, privateKeyPem, caPem } = this.bank.credential(name);
    const secret = {
      certificate: certificatePem,
      private_key: privateKeyPem,
      ...(caPem === undefined ? {} : { ca: caPem }),
    };
    await this.#vault().put(id, 'operator', 'kaspi', secret, Date.now() + DAY_MS, place);
  }

  /** An API key in the vault; without `ca` nobody vouches for the bank. */
  async keepKey(id: string, key: string, ca = this.bank.caPem): Promise<void> {
    await this.#vault().put(id, 'operator', 'kaspi', { kind: 'api_key', key, ca }, null);
  }

  #vault(): Vault {
    const sealer = new Sealer(this.gatewayDb, parseMasterKeys(MASTER_KEY), () => this.ids.uuid());
    return new Vault(this.gatewayDb, sealer);
  }

  /** The bank's mail desk. */
  async issue(csr: string): Promise<Issued> {
    const response = await fetch(`${this.bank.sandbox.controlUrl}/kaspi/certificates`, {
      method: 'POST',
      headers: { connection: 'close' },
      body: JSON.stringify({ csr }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the bank does not sign: ${text}`);
    return JSON.parse(text) as Issued;
  }

  get partnerPem(): { certificate: string; key: string; ca: string } {
    const { cert, key, ca } = this.bank.sandbox.tls;
    return { certificate: cert, key, ca };
  }

  /** A connection of the bank's demo organization under a certificate; known to the service when it resolves. */
  connection(
    certificate: string,
    baseUrl = this.bank.url,
    scheme = 'r3',
    options: Readonly<Record<string, string>> = {},
  ): { readonly id: string; put(version: number, url: string): void } {
    const id = this.ids.next('con');
    const put = (version: number, url: string): void => {
      const body = {
        ...this.#connectionHead(id, version, 'put'),
        base_url: url,
        scheme,
        tax_id: BIN,
        credential_id: certificate,
        options,
        enabled: true,
      };
      this.bus.announce(produce(connectionPut, this.#address(id, this.#tenant), body));
    };
    put(1, baseUrl);
    return { id, put };
  }

  /** What the bank says of a connection now. */
  async health(connection: string, version = 1): Promise<string> {
    const seen = this.#of(connection, connectionState.type).length;
    const body = this.#connectionHead(connection, version, `verify.${this.ids.next('op')}`);
    this.bus.announce(produce(connectionVerify, this.#address(connection, this.#tenant), body));
    const state = await waitFor(
      'an answer about the connection',
      () => this.#of(connection, connectionState.type)[seen],
      LONG_MS,
    );
    return connectionState.consume.parse(state.body).health;
  }

  states(id: string): CertificateState[] {
    return this.#of(id, certificateState.type).map(({ body }) => certificateState.consume.parse(body));
  }

  /** Waits until a version is in this state. */
  reached(id: string, version: number, state: string, has: (state: CertificateState) => boolean = () => true) {
    return waitFor(
      `${id} version ${version} to be ${state}, seen ${JSON.stringify(this.states(id).map((one) => [one.version, one.state, one.failure?.code]))}`,
      () => this.states(id).find((one) => one.version === version && one.state === state && has(one)),
      LONG_MS,
    );
  }

  async versions(id: string): Promise<string> {
    const admin = await Database.connect({ url: this.database.adminUrl, applicationName: 'spec admin' });
    try {
      const rows = await admin.query<{ version: number; state: string }>(
        'SELECT version, state FROM vault.credential WHERE id = $1 ORDER BY version',
        [id],
      );
      return rows.map(({ version, state }) => `${version} ${state}`).join(', ');
    } finally {
      await admin.close();
    }
  }

  read(path: string): string {
    return readFileSync(path, 'utf8');
  }

  #of(subject: string, type: string): Envelope[] {
    return this.events.filter((event) => event.subject === subject && event.type === type);
  }

  #head(id: string, version: number, what: string) {
    return { op_id: `${id}.${version}.${what}.${this.ids.next('op')}`, subject_id: id, version, lane: id };
  }

  #connectionHead(id: string, version: number, what: string) {
    const head = { subject_id: id, connection_id: id, device_id: null, lane: id };
    return { ...head, op_id: `${id}.${version}.${what}`, connection_version: version };
  }

  #address(subject: string, tenant: string | null = null): Addressed {
    const time = new Date().toISOString();
    const topic = commandsTopic('kaspi');
    return { id: this.ids.uuid(), source: 'gateway', subject, time, tenant, mode: 'test', topic, key: subject };
  }
}
