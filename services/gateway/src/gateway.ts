import { randomBytes } from 'node:crypto';
import { EVENTS_TOPIC } from '@tolem/contracts';
import { type Answers, MemoryAnswers, type WakeUps } from '@tolem/coordination';
import type { Clock, IdFactory } from '@tolem/domain';
import { type Bus, BusServer, DeadLetterTable } from '@tolem/messaging';
import { type Logger, type Metrics, nestLogger } from '@tolem/observability';
import { Database, type Outbox, parseMasterKeys, Sealer, Vault } from '@tolem/persistence';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { LastUsed } from './api-keys/last-used.ts';
import { OpenWork } from './attention/open-work.ts';
import { EndingCertificates, watchCertificates } from './certificates/ending-certificates.ts';
import type { GatewayConfig } from './config.ts';
import { EventBell } from './events/event-bell.ts';
import { EventReaders } from './events/event-readers.ts';
import { TellingOutbox } from './events/telling-outbox.ts';
import { requestMetric, watchGateway } from './gateway-metrics.ts';
import { GatewayModule, type GatewayParts } from './gateway.module.ts';
import { AuthGuard } from './http/auth-guard.ts';
import { publishDocument } from './http/docs/open-api.ts';
import { HttpAdapter } from './http/http-adapter.ts';
import { ProblemFilter } from './http/problem-filter.ts';
import { SchemaPipe } from './http/schema-pipe.ts';
import { Waiters } from './payments/waiting/waiters.ts';
import { DeliverWebhooks } from './webhooks/deliver-webhooks.ts';
import { DeliveryStore } from './webhooks/delivery-store.ts';
import { watchWebhooks } from './webhooks/webhook-metrics.ts';

/** What the gateway shares with other services of its process. */
export interface SharedParts {
  readonly bus: Bus;
  readonly wakeUps: WakeUps;
  readonly clock: Clock;
  readonly ids: IdFactory;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** True where no other process runs the gateway: what a dead one left is taken over at once. */
  readonly alone?: boolean;
  /** What brings answers to questions back; default: from providers in this process only. */
  readonly answers?: Answers;
  /** Cryptographically strong; default: node:crypto. */
  readonly randomBytes?: (n: number) => Uint8Array;
}

export interface RunningGateway {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly app: NestFastifyApplication;
  readonly appDatabase: Database;
  readonly workerDatabase: Database;
  readonly outbox: Outbox;
  /** Throws where the gateway cannot serve; for readiness checks. */
  ready(): Promise<void>;
  /** Takes no new requests, answers the running ones (waiters get the current state), stops consuming, lets go of the database. */
  close(): Promise<void>;
}

/** Starts the public API and its workers; resolves when it serves. */
export async function startGateway(config: GatewayConfig, shared: SharedParts): Promise<RunningGateway> {
  const databases = await connect(config);
  try {
    return await serve(config, shared, databases);
  } catch (error) {
    await closeAll(databases);
    throw error;
  }
}

interface Databases {
  readonly app: Database;
  readonly worker: Database;
}

async function connect(config: GatewayConfig): Promise<Databases> {
  const app = await Database.connect({
    url: config.databaseUrl,
    applicationName: 'tolem gateway',
    poolSize: config.poolSize,
  });
  try {
    const worker = await Database.connect({
      url: config.workerDatabaseUrl,
      applicationName: 'tolem gateway worker',
      poolSize: config.workerPoolSize,
    });
    return { app, worker };
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function closeAll(databases: Databases): Promise<void> {
  await Promise.all([databases.app.close(), databases.worker.close()]);
}

async function serve(config: GatewayConfig, shared: SharedParts, databases: Databases): Promise<RunningGateway> {
  const { logger, ids, clock, bus } = shared;
  const random = shared.randomBytes ?? ((n: number) => randomBytes(n));
  const newId = () => ids.uuid();
  const bell = new EventBell(shared.wakeUps);
  const outbox = new TellingOutbox(
    {
      db: databases.worker,
      transport: bus,
      newId,
      onError: (error, what) => logger.error({ err: error }, `${what} failed`),
    },
    bell,
  );
  const closing = new AbortController();
  const sealer = new Sealer(databases.worker, parseMasterKeys(config.masterKey), newId);
  await sealer.checkMasterKeys();
  const parts: GatewayParts = {
    ...shared,
    config,
    wakeUps: bell,
    answers: shared.answers ?? new MemoryAnswers(),
    sealer,
    outbox,
    randomBytes: random,
    appDatabase: databases.app,
    workerDatabase: databases.worker,
    vault: new Vault(databases.worker, sealer),
    closing: closing.signal,
  };
  const adapter = new HttpAdapter({
    ids,
    clock,
    randomBytes: random,
    logger,
    trustedProxies: config.trustedProxies,
    closing: closing.signal,
    counted: requestMetric(shared.metrics),
  });
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.with(parts), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: nestLogger(logger),
  });
  app.useGlobalFilters(new ProblemFilter(logger, adapter.allowedMethods));
  app.useGlobalGuards(app.get(AuthGuard));
  app.useGlobalPipes(new SchemaPipe());
  const strategy = new BusServer({
    bus,
    consumer: 'gateway',
    topics: [EVENTS_TOPIC],
    deadLetters: new DeadLetterTable(databases.worker, 'gateway', newId),
    onFailure: (error, message, deliveries) =>
      logger.error(
        { err: error, message_id: message.id, type: message.type, deliveries },
        'a message could not be handled',
      ),
  });
  app.connectMicroservice<MicroserviceOptions>({ strategy });
  publishDocument(app);
  await app.startAllMicroservices();
  await app.listen(config.port, config.host);
  const waiters = app.get(Waiters);
  watchGateway(shared.metrics, app.get(OpenWork), outbox, () => waiters.count);
  watchCertificates(shared.metrics, app.get(EndingCertificates));
  watchWebhooks(shared.metrics, app.get(EventReaders), app.get(DeliverWebhooks), app.get(DeliveryStore));
  if (shared.alone === true) await outbox.takeOver();
  outbox.start();

  return {
    url: addressOf(app, config.host),
    app,
    appDatabase: databases.app,
    workerDatabase: databases.worker,
    outbox,
    ready: async () => {
      await Promise.all([databases.app.ping(), databases.worker.ping()]);
    },
    close: async () => {
      closing.abort();
      await app.close();
      await app.get(LastUsed).flush();
      await outbox.stop();
      await closeAll(databases);
    },
  };
}

function addressOf(app: NestFastifyApplication, host: string): string {
  const address: unknown = app.getHttpServer().address();
  const port = typeof address === 'object' && address !== null && 'port' in address ? Number(address.port) : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
