import type { SharedAddresses } from '../services/stack-env.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import type { StackFolder } from '../tolem-folder/tolem-folder.ts';
import { javaCommand } from './kafka/java.ts';
import { kafkaJars } from './kafka/kafka-jars.ts';
import { startKafka, type RunningKafka } from './kafka/kafka.ts';
import { databaseEnded } from './postgres/database-ended.ts';
import { type RunningPostgres, startPostgres } from './postgres/postgres.ts';
import { redisBinary } from './redis/redis-binary.ts';
import { type RunningRedis, startRedis } from './redis/redis.ts';
import {
  type DatabaseServer,
  STORE_NAMES,
  STORE_TITLES,
  type StoreName,
  type StoreProcess,
  type Stores,
  type StoresInput,
} from './stores.ts';

interface Running {
  postgres?: RunningPostgres;
  kafka?: RunningKafka;
  redis?: RunningRedis;
}
type RunningStore = RunningPostgres | RunningKafka | RunningRedis;

/** Real stores as processes of this machine, on free ports of the loopback address. */
export class NativeStores implements Stores {
  private readonly input: StoresInput & { folder: StackFolder };
  /** What runs now, or ran last: its port is taken again. */
  private readonly last: Running = {};
  private readonly running = new Set<StoreName>();
  private readonly starting = new Map<StoreName, Promise<void>>();

  constructor(input: StoresInput & { folder: StackFolder }) {
    this.input = input;
  }

  async prepare(say: (step: string) => void): Promise<void> {
    const needed = [javaCommand().then(() => kafkaJars(say)), redisBinary(process.env, say)];
    const failures = (await Promise.allSettled(needed)).flatMap((each): unknown[] =>
      each.status === 'rejected' ? [each.reason] : [],
    );
    const [first] = failures;
    if (failures.length < 2) {
      if (first !== undefined) throw first;
      return;
    }
    throw new PlainFailure(failures.map((each) => (each instanceof Error ? each.message : String(each))).join('\n'));
  }

  start(store: StoreName, say: (step: string) => void = () => undefined): Promise<void> {
    const started = this.starting.get(store) ?? this.open(store, say).finally(() => this.starting.delete(store));
    this.starting.set(store, started);
    return started;
  }

  async stop(store: StoreName, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.starting.get(store)?.catch(() => undefined);
    const known = this.last[store];
    if (known === undefined || !this.running.delete(store)) return;
    // One that is held (SIGSTOP) would not hear of its end.
    send(known.pid, signal === 'SIGKILL' ? signal : 'SIGCONT');
    if (signal === 'SIGKILL') await known.exited;
    await known.stop();
  }

  async stopAll(): Promise<void> {
    await Promise.all(STORE_NAMES.map((store) => this.stop(store)));
  }

  get idle(): boolean {
    return this.running.size + this.starting.size === 0;
  }

  database(): DatabaseServer {
    const { postgres } = this.last;
    if (postgres === undefined) throw new Error('PostgreSQL has not been started');
    return postgres;
  }

  shared(): SharedAddresses {
    const { kafka, redis } = this.last;
    if (kafka === undefined || redis === undefined) throw new Error('Kafka and Redis have not been started');
    return { brokers: kafka.brokers, redisUrl: redis.url };
  }

  processes(): StoreProcess[] {
    return STORE_NAMES.flatMap((name) => {
      const known = this.last[name];
      return known !== undefined && this.running.has(name) ? [{ name, pid: known.pid, logFile: known.logFile }] : [];
    });
  }

  where(store: StoreName): string {
    const known = this.last[store];
    return known === undefined ? 'nowhere' : `127.0.0.1:${known.port}`;
  }

  private async open(store: StoreName, say: (step: string) => void): Promise<void> {
    if (this.running.has(store)) return;
    const started = await this.launch(store, say);
    this.running.add(store);
    void started.exited.then(async () => {
      // Another one may run by now, or this one was asked to end.
      if (this.last[store] !== started || !this.running.delete(store)) return;
      this.input.onEnd(await this.endOf(store, started));
      // Its guard has nobody to watch over any more.
      await started.stop();
    });
  }

  private async launch(store: StoreName, onProgress: (step: string) => void): Promise<RunningStore> {
    const { folder, durable, quickKafka, maxConnections } = this.input;
    const { remedy } = folder;
    const known = this.last[store];
    const again = known === undefined ? {} : { port: known.port };
    switch (store) {
      case 'postgres':
        return (this.last.postgres = await startPostgres({
          ...{ dataDir: folder.postgres, durable, maxConnections, remedy, onProgress },
          ...again,
        }));
      case 'kafka':
        return (this.last.kafka = await startKafka({
          ...{ dataDir: folder.kafka, quick: quickKafka, remedy, onProgress },
          ...again,
        }));
      case 'redis':
        return (this.last.redis = await startRedis({ dataDir: folder.redis, onProgress, ...again }));
    }
  }

  private async endOf(store: StoreName, ended: RunningStore): Promise<PlainFailure> {
    const { postgres } = this.last;
    if (store === 'postgres' && postgres !== undefined) return databaseEnded(postgres);
    return new PlainFailure(`${STORE_TITLES[store]} ended by itself; its log is ${ended.logFile}`);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just gone by itself.
  }
}
