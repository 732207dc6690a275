import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka } from './kafka/kafka.ts';
import { startRedis } from './redis/redis.ts';

/** The Kafka and the Redis of one test run: each is started when the first spec asks for it, and serves all others too. */
export interface TestStores {
  /** `GET <url>/kafka` and `/redis` answer with an address as specs want it; 500 with the reason where there is none. */
  readonly url: string;
  close(): Promise<void>;
}

/** Folders of a run bear its process id behind this. */
export const TEST_STORE_PREFIX = 'tolem-test-store-';

interface Started {
  readonly address: string;
  readonly pid: number;
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}
type Starters = Readonly<Record<string, (dataDir: string) => Promise<Started>>>;

const STARTERS: Starters = {
  kafka: async (dataDir) => {
    const kafka = await startKafka({ dataDir, quick: true });
    return { ...kafka, address: kafka.brokers.join(',') };
  },
  redis: async (dataDir) => {
    const redis = await startRedis({ dataDir });
    return { ...redis, address: redis.url };
  },
};

/** Opens the desk where specs ask; it starts nothing by itself and does not keep the process alive. */
export async function openTestStores(starters: Starters = STARTERS): Promise<TestStores> {
  const begun = new Map<string, Promise<Started>>();
  const folders: string[] = [];

  const start = async (name: string, starter: Starters[string]): Promise<Started> => {
    const dataDir = await mkdtemp(join(tmpdir(), `${TEST_STORE_PREFIX}${process.pid}-`));
    folders.push(dataDir);
    const started = await starter(dataDir);
    // Whoever asks after its end gets another one.
    void started.exited.then(() => begun.delete(name));
    return started;
  };
  const started = (name: string, starter: Starters[string]): Promise<Started> => {
    const known = begun.get(name) ?? start(name, starter);
    begun.set(name, known);
    return known;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader('connection', 'close');
    const name = (request.url ?? '').slice(1);
    const starter = Object.hasOwn(starters, name) ? starters[name] : undefined;
    if (starter === undefined) return void response.writeHead(404).end();
    try {
      response.end((await started(name, starter)).address);
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    }
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      const running = await Promise.allSettled(begun.values());
      await Promise.all(running.map((each) => (each.status === 'fulfilled' ? end(each.value) : undefined)));
      await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
    },
  };
}

/** Without ceremony: what it holds is thrown away, and an orderly end of a broker with many topics takes seconds. */
async function end({ pid, stop }: Started): Promise<void> {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
  await stop();
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('a server that listens has a port');
  return address.port;
}
