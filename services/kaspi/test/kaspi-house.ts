import {
  answerContext,
  commandsTopic,
  EVENTS_TOPIC,
  paymentStart,
  paymentState,
  type PaymentState,
  questionAsk,
  type QuestionAnswer,
  questionAnswerSchema,
  type RefundState,
} from '@tolem/contracts';
import { MemoryAnswers, MemoryPollSchedule, MemorySlots, MemoryTokenBuckets } from '@tolem/coordination';
import { IdFactory, isFinal, ManualClock, type PaymentStatus, type RefundStatus, uuidFromId } from '@tolem/domain';
import type { ClientCredential } from '@tolem/egress';
import { InProcessBus } from '@tolem/messaging';
import { createLogger, Metrics } from '@tolem/observability';
import { Database, parseMasterKeys, Sealer, Vault } from '@tolem/persistence';
import type { RunningProvider } from '@tolem/provider-kit';
import { builtInApiKey, type SandboxOptions } from '@tolem/sandbox';
import { type TestDatabase, waitFor } from '@tolem/testing';
import { kaspiConfig } from '../src/config.ts';
import { startKaspi } from '../src/kaspi.ts';
import { GATEWAY_ROLE, KASPI_ROLE, kaspiDatabase } from './kaspi-database.ts';
import { BIN, type CertificateName, RunningBank } from './running-bank.ts';
import { StandInCounter } from './stand-in-counter.ts';
import type { BankScheme, Connection, PayOptions } from './stand-in-gateway.ts';

const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');
/** Time passes this much per look at a condition: about five times as fast as the wall clock, slower on a busy machine. */
const STEP_MS = 100;
const DEADLINE_MS = 60_000;
const DAY_MS = 86_400_000;

type Awaitable<T> = T | Promise<T>;

/** For specs whose bank keeps silent: what it does not answer must not hold them up. Others wait as the product does. */
export const IMPATIENT = { TOLEM_KASPI_START_TIMEOUT_MS: '1500', TOLEM_KASPI_READ_TIMEOUT_MS: '600' };

/** A purchase that was paid: our id and the bank's. */
export interface Sold {
  readonly id: string;
  readonly ref: string;
}

export interface HouseOptions {
  readonly bank?: Partial<SandboxOptions>;
  /** `TOLEM_KASPI_…` beyond what the house itself sets. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * The real service on a real database, with the bus in memory, the simulated bank at the other end of a real TLS
 * connection, and in the gateway's place somebody who gives commands and writes down what he hears. The bank and the
 * service share a clock that moves while a spec waits.
 */
export class KaspiHouse extends StandInCounter {
  /** Every line that the service has written. */
  readonly log: string[] = [];
  readonly #answers = new MemoryAnswers();
  #metrics = new Metrics();
  #kaspi: RunningProvider | undefined;

  private constructor(
    readonly clock: ManualClock,
    bus: InProcessBus,
    readonly bank: RunningBank,
    private readonly database: TestDatabase,
    private readonly gatewayDb: Database,
    private readonly environment: Readonly<Record<string, string>>,
  ) {
    super(bus, clock, new IdFactory(clock));
  }

  static async open(options: HouseOptions = {}): Promise<KaspiHouse> {
    const clock = new ManualClock(Date.UTC(2026, 1, 11, 4, 5));
    const database = await kaspiDatabase();
    const house = new KaspiHouse(
      clock,
      new InProcessBus({
        topology: { [EVENTS_TOPIC]: ['gateway'], [commandsTopic('kaspi')]: ['kaspi'] },
        onError: (error) => {
          throw error;
        },
      }),
      await RunningBank.start({ clock, ...options.bank }),
      database,
      await Database.connect({ url: database.urlOf(GATEWAY_ROLE), applicationName: 'spec gateway' }),
      options.environment ?? {},
    );
    await house.start();
    return house;
  }

  async start(): Promise<void> {
    const config = kaspiConfig.load({
      TOLEM_KASPI_DATABASE_URL: this.database.urlOf(KASPI_ROLE),
      TOLEM_MASTER_KEY: MASTER_KEY,
      ...this.environment,
    });
    this.#metrics = new Metrics();
    this.#kaspi = await startKaspi(config, {
      bus: this.bus,
      schedule: new MemoryPollSchedule(this.clock),
      slots: new MemorySlots(),
      answers: this.#answers,
      buckets: new MemoryTokenBuckets(this.clock),
      clock: this.clock,
      ids: this.ids,
      metrics: this.#metrics,
      logger: createLogger({
        service: 'kaspi',
        level: 'debug',
        stream: { write: (line) => void this.log.push(line) },
      }),
      alone: true,
    });
  }

  async stop(): Promise<void> {
    await this.#kaspi?.close();
    this.#kaspi = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.subscription.close();
    await this.gatewayDb.close();
    await this.bank.close();
    await this.database.drop();
  }

  /** Waits for a condition while time passes for the bank and for the service. */
  until<T>(what: string, condition: () => Awaitable<T | undefined | false>, deadlineMs = DEADLINE_MS): Promise<T> {
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
  certificate(credential: ClientCredential): Promise<string> {
    return this.secret({
      certificate: credential.certificatePem,
      private_key: credential.privateKeyPem,
      ...(credential.caPem === undefined ? {} : { ca: credential.caPem }),
    });
  }

  private async secret(secret: Parameters<Vault['put']>[3]): Promise<string> {
    const id = this.ids.next('crt');
    await new Vault(this.gatewayDb, this.sealer).put(id, 'operator', 'kaspi', secret, Date.now() + DAY_MS);
    return id;
  }

  /** What only the service and whoever is in the gateway's place can read. */
  private get sealer(): Sealer {
    return new Sealer(this.gatewayDb, parseMasterKeys(MASTER_KEY), () => this.ids.uuid());
  }

  private async seal(connection: Connection, fields: Readonly<Record<string, string>>, context: string) {
    const tenant = uuidFromId('ten', connection.tenant);
    if (tenant === undefined) throw new Error(`${connection.tenant} is no tenant`);
    return (await this.sealer.seal({ tenant }, JSON.stringify(fields), context)).toString('base64');
  }

  /** An invoice to a phone; its phone travels sealed. */
  async invoice(connection: Connection, phone: string, options: PayOptions = {}): Promise<string> {
    const payment = this.ids.next('pay');
    const sealed = await this.seal(connection, { phone }, `${paymentStart.type}:${payment}`);
    this.startAgain(connection, payment, { ...options, method: 'kaspi_invoice', sealed });
    return payment;
  }

  /** Whose phone it is, as the cashier hears it. */
  payer(connection: Connection, phone: string, desk: string): Promise<QuestionAnswer> {
    return this.#ask(connection, 'payer', { phone }, desk);
  }

  /** A buyer's step, taken by the bank's own test contour. */
  emulate(connection: Connection, ref: string, step: string): Promise<QuestionAnswer> {
    return this.#ask(connection, 'emulate', { step, provider_ref: ref }, null);
  }

  async #ask(
    connection: Connection,
    kind: string,
    args: Readonly<Record<string, string>>,
    desk: string | null,
  ): Promise<QuestionAnswer> {
    const question = this.ids.next('que');
    let heard: string | undefined;
    const stop = this.#answers.listen(question, (text) => (heard = text));
    const sealed = await this.seal(connection, args, `${questionAsk.type}:${question}`);
    this.question(connection, question, kind, desk, sealed);
    const answer = await this.until('an answer', () => heard).finally(stop);
    const plain = await this.sealer.open(Buffer.from(answer, 'base64'), answerContext(question));
    return questionAnswerSchema.parse(JSON.parse(plain.toString('utf8')));
  }

  put(
    connection: Connection,
    credentialId: string | null,
    version = 1,
    baseUrl = this.bank.urlOf(connection.scheme ?? 'r3'),
  ): void {
    this.putConnection(connection, credentialId, version, baseUrl);
  }

  /** A connection that the bank serves. */
  async connect(bin: string, certificate: CertificateName | string = 'partner'): Promise<Connection> {
    const credentialId = certificate.startsWith('crt_')
      ? certificate
      : await this.certificate(this.bank.credential(certificate as CertificateName));
    return this.served(this.newConnection(bin), credentialId);
  }

  /** A connection of this organization under a scheme, with the credential that the scheme asks for; over `baseUrl` where told. */
  async connectUnder(scheme: BankScheme, baseUrl?: string): Promise<Connection> {
    const connection = this.newConnection(BIN, undefined, scheme);
    const credentialId =
      scheme === 'r1'
        ? await this.secret({ kind: 'api_key', key: builtInApiKey(BIN), ca: this.bank.caPem })
        : await this.certificate(this.bank.credential(scheme === 'r2' ? 'organization' : 'partner'));
    return this.served(connection, credentialId, baseUrl);
  }

  private async served(connection: Connection, credentialId: string, baseUrl?: string): Promise<Connection> {
    this.put(connection, credentialId, 1, baseUrl);
    this.verify(connection);
    await this.until(`the bank to serve ${connection.bin}`, () => this.connection(connection)?.health === 'up');
    return connection;
  }

  /** A payment that the buyer has paid. */
  async sold(connection: Connection, options: PayOptions = {}): Promise<Sold> {
    const [payment] = await this.soldAll(connection, [options]);
    if (payment === undefined) throw new Error('nothing was sold');
    return payment;
  }

  /** Several at once, in the order asked for. */
  async soldAll(connection: Connection, options: readonly PayOptions[]): Promise<Sold[]> {
    const startBy = this.clock.now() + DAY_MS;
    const payments = options.map((one) => this.pay(connection, { startBy, ...one }));
    const sold: Sold[] = [];
    for (const id of payments) {
      const { provider_ref: ref } = await this.reached(id, 'succeeded');
      sold.push({ id, ref: ref ?? '' });
    }
    return sold;
  }

  async refundReached(refund: string, phase: RefundStatus, deadlineMs = DEADLINE_MS): Promise<RefundState> {
    return this.until(
      `${refund} to be ${phase}`,
      () => {
        const state = this.refundNow(refund);
        return state?.phase === phase ? state : undefined;
      },
      deadlineMs,
    );
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

  /** Lines of the log that people are woken for. */
  alarms(): string[] {
    return this.log.filter((line) => line.startsWith('{"level":"error"'));
  }

  /** What the service shows of one metric: labels and value of each series, sorted. */
  async metric(name: string): Promise<string[]> {
    const lines = (await this.#metrics.text()).split('\n');
    return lines
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .map((line) => line.slice(name.length))
      .sort();
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
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
