import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeSecrets } from '../../tolem-folder/secrets.ts';
import { DockerStores, forgetDockerStores } from './docker-stores.ts';

/** `AuthenticationOk` and `ReadyForQuery` of PostgreSQL's protocol. */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

describe('the stores of Docker', () => {
  const path = process.env['PATH'] ?? '';
  let folder = '';
  let container: Server | undefined;
  let stores: DockerStores;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tolem-docker-'));
    // Stands in for Docker's own command: keeps what it was asked, and the variables that it got.
    const script = `#!/bin/sh
[ "$1" = compose ] && [ "$2" = --file ] && shift 5
echo "$@" >> ${folder}/asked
echo "$TOLEM_POSTGRES_PORT $TOLEM_KAFKA_PORT $TOLEM_REDIS_PORT $TOLEM_POSTGRES_MAX_CONNECTIONS" > ${folder}/variables
`;
    await writeFile(join(folder, 'docker'), script);
    await chmod(join(folder, 'docker'), 0o755);
    process.env['PATH'] = `${folder}:/bin:/usr/bin`;
    stores = new DockerStores({
      ...{ durable: false, quickKafka: true, maxConnections: 77, onEnd: () => undefined },
      secrets: makeSecrets(),
    });
  });
  afterEach(async () => {
    await stores.stopAll();
    process.env['PATH'] = path;
    container?.close();
    await rm(folder, { recursive: true });
  });
  const asked = async (): Promise<string[]> => (await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n');

  it('ask Docker first, take down what a killed run left, start each by itself, and go down in the end', async () => {
    await stores.prepare(() => undefined);
    await stores.start('redis');
    await stores.stop('redis', 'SIGKILL');
    await stores.stop('kafka');
    expect(stores.idle).toBe(false);
    await stores.stopAll();
    await stores.stopAll();
    expect(stores.idle).toBe(true);
    expect(await asked()).toEqual([
      ...['info', 'compose version', 'down --remove-orphans'],
      ...['up --detach --wait --wait-timeout 180 redis', 'kill redis', 'stop kafka', 'down'],
    ]);
  });

  it('have ports of their own, which Docker is told and services are', async () => {
    await stores.prepare(() => undefined);
    await stores.start('redis');
    const { port } = stores.database();
    const { brokers, redisUrl } = stores.shared();
    const [kafka, redis] = [brokers[0], redisUrl].map((address) => Number(/:(\d+)$/.exec(address ?? '')?.[1]));
    expect(new Set([port, kafka, redis]).size).toBe(3);
    expect((await readFile(join(folder, 'variables'), 'utf8')).trim()).toBe(`${port} ${kafka} ${redis} 77`);
    expect(stores.where('kafka')).toBe(brokers[0]);
  });

  it('count PostgreSQL as started once it lets somebody in, not when its container runs', async () => {
    await stores.prepare(() => undefined);
    let started = false;
    const starting = stores.start('postgres').then(() => (started = true));
    let refused = 0;
    const opened = Promise.withResolvers<undefined>();
    container = createServer((socket) => {
      socket.on('error', () => undefined);
      if (refused < 2) {
        refused += 1;
        expect(started).toBe(false);
        socket.destroy();
        return;
      }
      socket.once('data', () => socket.write(WELCOME));
      opened.resolve(undefined);
    }).listen(stores.database().port, '127.0.0.1');
    await opened.promise;
    await starting;
    expect(refused).toBe(2);
  });

  it('forgotten, take their volumes with them', async () => {
    await forgetDockerStores();
    expect((await asked()).at(-1)).toBe('down --volumes --remove-orphans');
  });
});
