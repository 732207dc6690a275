import { randomBytes } from 'node:crypto';
import { Controller, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Payload, type MicroserviceOptions } from '@nestjs/microservices';
import {
  commandsTopic,
  type Envelope,
  paymentStart,
  connectionVerify,
  deviceDelete,
  deviceRegister,
  paymentCancel,
  paymentRefresh,
  refundChoose,
  refundStart,
} from '@tolem/contracts';
import type { Answers, PollSchedule, Slots, TokenBuckets } from '@tolem/coordination';
import type { Clock, IdFactory } from '@tolem/domain';
import { type Bus, BusServer, DeadLetterTable, HandleMessages } from '@tolem/messaging';
import { type Logger, type Metrics, nestLogger } from '@tolem/observability';
import { CredentialVersions, Database, type MasterKey, Outbox, Sealer, Vault } from '@tolem/persistence';
import { Acceptor, COMMAND_TYPES } from '../accept/accept.ts';
import { cancelStarted, refreshPayment } from '../payments/check-payment.ts';
import { CertificateNews } from '../certificates/certificate-news.ts';
import type { BringCertificate } from '../certificates/certificate-work.ts';
import { CertificateTakeOver } from '../certificates/certificate-take-over.ts';
import { CERTIFICATE_COMMANDS, Certificates } from '../certificates/certificates.ts';
import { Connections } from '../connections/connections.ts';
import { deleteDevice, registerDevice } from '../devices/desk-device.ts';
import { DeviceBindings } from '../devices/device-bindings.ts';
import { Executor, type OperationWork } from '../operations/execute.ts';
import { KitMetrics } from './kit-metrics.ts';
import { observed } from './observed-provider.ts';
import { Polling } from '../polling/poll.ts';
import type { Provider } from '../provider.ts';
import { Questions } from '../questions/questions.ts';
import { resolveDoubt } from '../operations/resolve.ts';
import { chooseRefund, REFUND_RETURN, returnRefund } from '../refunds/return-refund.ts';
import type { KitSettings } from '../settings.ts';
import { startPayment } from '../payments/start-payment.ts';
import { startRefund } from '../refunds/start-refund.ts';
import { SubjectStore } from '../subject-store.ts';
import { Sweeper } from '../operations/sweep.ts';
import { verifyConnection } from '../connections/verify-connection.ts';
import type { WorkRooms } from '../operations/work-rooms.ts';

/** What the process that hosts a provider service lends it. */
export interface ProviderSurroundings {
  readonly bus: Bus;
  readonly schedule: PollSchedule;
  readonly slots: Slots;
  /** Where answers to questions go. */
  readonly answers: Answers;
  /** How often questions may be asked, counted for the whole installation. */
  readonly buckets: TokenBuckets;
  readonly clock: Clock;
  readonly ids: IdFactory;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly masterKeys: readonly MasterKey[];
  readonly databaseUrl: string;
  readonly databasePoolSize: number;
  readonly settings: KitSettings;
}

export interface RunningProvider {
  /** Throws where the service cannot work now. */
  ready(): Promise<void>;
  readonly bringCertificate: BringCertificate;
  /** Waits for what runs; what it owes beyond that waits in the database. */
  close(): Promise<void>;
  readonly db: Database;
}

/**
 * A provider service, from top to bottom: commands come from the bus and are accepted (`accept`), carried out
 * (`execute` → `start-payment`, `start-refund`, `return-refund`, `check-payment`, `verify-connection`, `desk-device`),
 * asked about (`poll`), found out (`resolve`) and picked up where somebody dropped them (`sweep`). Questions are asked and
 * forgotten (`questions`). What is special about a provider comes in as data and functions.
 */
export async function startProvider(plain: Provider, around: ProviderSurroundings): Promise<RunningProvider> {
  const { bus, clock, logger, settings, ids } = around;
  const newId = (): string => ids.uuid();
  const metrics = new KitMetrics(around.metrics, plain.name);
  const provider = observed(plain, metrics, clock);
  const db = await Database.connect({
    url: around.databaseUrl,
    applicationName: `tolem ${provider.name}`,
    poolSize: around.databasePoolSize,
  });
  const outbox = new Outbox({
    db,
    transport: bus,
    newId,
    onError: (err, what) => logger.warn({ err }, `${what} broke off`),
  });
  metrics.watch(around.metrics, db, outbox);
  const sealer = new Sealer(db, around.masterKeys, newId);
  const surroundings = { clock, log: logger, settings };
  await sealer.checkMasterKeys().catch(async (error: unknown) => {
    await db.close();
    throw error;
  });
  const telling = { source: provider.name, newId };
  const sweepSoon = (): void => sweeper.soon();
  const store = new SubjectStore(db, outbox, telling, clock, sweepSoon);
  const vault = new Vault(db, sealer);
  const connections = new Connections(db, vault);
  const versions = new CredentialVersions(db, sealer, provider.name, (rows) => outbox.publish(rows));
  const news = new CertificateNews(outbox, provider.name, newId, clock);
  const certificateRooms = { work: plain.certificates ?? null, vault, versions, connections, news };
  const takeOver = new CertificateTakeOver(certificateRooms, surroundings);
  const certificates = new Certificates(certificateRooms, takeOver, clock);
  const bindings = new DeviceBindings(db, sealer);
  const owner = randomBytes(8).toString('hex');
  const polling = new Polling(
    {
      provider,
      db,
      store,
      connections,
      bindings,
      schedule: around.schedule,
      slots: around.slots,
      bus,
      telling,
      metrics,
    },
    surroundings,
  );
  const questions = new Questions(
    { provider, connections, bindings, sealer, slots: around.slots, buckets: around.buckets, answers: around.answers },
    surroundings,
  );
  const rooms: WorkRooms = {
    ...surroundings,
    provider,
    db,
    store,
    connections,
    bindings,
    polling,
    sealer,
    sweepSoon,
    owner,
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
  const executor = new Executor(around.slots, workOf(rooms), surroundings);
  const acceptor = new Acceptor(
    { provider, db, store, connections, executor, polling, questions, owner, sweepSoon },
    surroundings,
  );
  const sweeper: Sweeper = new Sweeper(
    { db, executor, owner, resolve: (doubt) => resolveDoubt(rooms, doubt) },
    surroundings,
  );

  const app = await NestFactory.createMicroservice<MicroserviceOptions>(
    {
      module: ProviderModule,
      providers: [
        { provide: Acceptor, useValue: acceptor },
        { provide: Certificates, useValue: certificates },
      ],
    },
    {
      logger: nestLogger(logger),
      strategy: new BusServer({
        bus,
        consumer: provider.name,
        topics: [commandsTopic(provider.name)],
        deadLetters: new DeadLetterTable(db, provider.name, newId),
        onFailure: (err, message, deliveries) =>
          logger.error({ err, type: message.type, message: message.id, deliveries }, 'a command could not be handled'),
      }),
    },
  );
  await sweeper.start();
  await polling.start();
  takeOver.start();
  if (settings.alone) await outbox.takeOver();
  outbox.start();
  await app.listen();
  return {
    db,
    ready: () => db.ping(),
    bringCertificate: certificates.bring,
    async close() {
      await app.close();
      await questions.stop();
      await takeOver.stop();
      await sweeper.stop();
      await polling.stop();
      await executor.stop();
      await outbox.stop();
      await db.close();
    },
  };
}

function workOf(rooms: WorkRooms): ReadonlyMap<string, OperationWork> {
  return new Map([
    [paymentStart.type, startPayment(rooms)],
    [paymentRefresh.type, refreshPayment(rooms)],
    [paymentCancel.type, cancelStarted(rooms)],
    [refundStart.type, startRefund(rooms)],
    [refundChoose.type, chooseRefund(rooms)],
    [REFUND_RETURN, returnRefund(rooms)],
    [connectionVerify.type, verifyConnection(rooms)],
    [deviceRegister.type, registerDevice(rooms)],
    [deviceDelete.type, deleteDevice(rooms)],
  ]);
}

@Controller()
class CommandsController {
  constructor(
    @Inject(Acceptor) private readonly acceptor: Acceptor,
    @Inject(Certificates) private readonly certificates: Certificates,
  ) {}

  @HandleMessages(COMMAND_TYPES)
  async accept(@Payload() batch: readonly Envelope[]): Promise<void> {
    const isCertificate = ({ type }: Envelope): boolean => CERTIFICATE_COMMANDS.includes(type);
    await this.acceptor.accept(batch.filter((envelope) => !isCertificate(envelope)));
    for (const envelope of batch.filter(isCertificate)) await this.certificates.accept(envelope);
  }
}

@Module({ controllers: [CommandsController] })
class ProviderModule {}
