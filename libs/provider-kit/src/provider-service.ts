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
} from '@tolem/contracts';
import type { PollSchedule, Slots } from '@tolem/coordination';
import type { Clock, IdFactory } from '@tolem/domain';
import { type Bus, BusServer, DeadLetterTable, HandleMessages } from '@tolem/messaging';
import { type Logger, type Metrics, nestLogger } from '@tolem/observability';
import { Database, type MasterKey, Outbox, Sealer, Vault } from '@tolem/persistence';
import { Acceptor, COMMAND_TYPES } from './accept.ts';
import { Connections } from './connections.ts';
import { deleteDevice, registerDevice } from './desk-device.ts';
import { DeviceBindings } from './device-bindings.ts';
import { Executor, type OperationWork } from './execute.ts';
import { KitMetrics } from './kit-metrics.ts';
import { observed } from './observed-provider.ts';
import { Polling } from './poll.ts';
import type { Provider } from './provider.ts';
import { resolveDoubt } from './resolve.ts';
import type { KitSettings } from './settings.ts';
import { startPayment } from './start-payment.ts';
import { SubjectStore } from './subject-store.ts';
import { Sweeper } from './sweep.ts';
import { verifyConnection } from './verify-connection.ts';
import type { WorkRooms } from './work-rooms.ts';

/** What the process that hosts a provider service lends it. */
export interface ProviderSurroundings {
  readonly bus: Bus;
  readonly schedule: PollSchedule;
  readonly slots: Slots;
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
  /** Waits for what runs; what it owes beyond that waits in the database. */
  close(): Promise<void>;
  readonly db: Database;
}

/**
 * A provider service, from top to bottom: commands come from the bus and are accepted (`accept`), carried out
 * (`execute` → `start-payment`, `verify-connection`, `desk-device`), asked about (`poll`), found out (`resolve`) and
 * picked up where somebody dropped them (`sweep`). What is special about a provider comes in as data and functions.
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
  const store = new SubjectStore(db, outbox, telling, clock);
  const connections = new Connections(db, new Vault(db, sealer));
  const owner = randomBytes(8).toString('hex');
  const polling = new Polling(
    { provider, db, store, connections, schedule: around.schedule, slots: around.slots, bus, outbox, telling, metrics },
    surroundings,
  );
  const rooms: WorkRooms = {
    ...surroundings,
    provider,
    db,
    store,
    connections,
    bindings: new DeviceBindings(db, sealer),
    polling,
    owner,
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
  const executor = new Executor(around.slots, workOf(rooms), surroundings);
  const acceptor = new Acceptor(
    { db, store, connections, executor, polling, owner, effectOf: effectOf(provider) },
    surroundings,
  );
  const sweeper = new Sweeper({ db, executor, owner, resolve: (doubt) => resolveDoubt(rooms, doubt) }, surroundings);

  const app = await NestFactory.createMicroservice<MicroserviceOptions>(
    { module: ProviderModule, providers: [{ provide: Acceptor, useValue: acceptor }] },
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
  if (settings.alone) await outbox.takeOver();
  outbox.start();
  await app.listen();
  return {
    db,
    ready: () => db.ping(),
    async close() {
      await app.close();
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
    [connectionVerify.type, verifyConnection(rooms)],
    [deviceRegister.type, registerDevice(rooms)],
    [deviceDelete.type, deleteDevice(rooms)],
  ]);
}

/** What a lost answer to a payment's start means; an unknown method is refused before anything is sent. */
function effectOf(provider: Provider): (method: string) => Provider['methods'][number]['effect'] {
  return (method) => provider.methods.find((candidate) => candidate.type === method)?.effect ?? 'repeatable';
}

@Controller()
class CommandsController {
  constructor(@Inject(Acceptor) private readonly acceptor: Acceptor) {}

  @HandleMessages(COMMAND_TYPES)
  async accept(@Payload() batch: readonly Envelope[]): Promise<void> {
    await this.acceptor.accept(batch);
  }
}

@Module({ controllers: [CommandsController] })
class ProviderModule {}
