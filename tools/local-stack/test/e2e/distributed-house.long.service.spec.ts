import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { HouseProcess } from '../../src/house/distributed-house-input.ts';
import { DistributedHouse } from '../../src/house/distributed-house.ts';
import type { Onboarded } from '../../src/onboarding/onboard.ts';
import { payDemo } from '../../src/onboarding/pay-demo.ts';
import { isAlive } from '../../src/processes/running-process.ts';
import { forgetStack } from '../../src/tolem-folder/forget.ts';
import { type StackFolder, stackFolder, tolemFolder } from '../../src/tolem-folder/tolem-folder.ts';

const START_MS = 150_000;

describe('a distributed house in the hands of a program', () => {
  let root = '';
  let folder: StackFolder = stackFolder(tolemFolder(''));
  let opened: DistributedHouse | undefined;
  let chain: Onboarded | undefined;
  const ends: string[] = [];
  const asked: string[] = [];
  const ended = Promise.withResolvers<string>();

  const theHouse = (): DistributedHouse => {
    if (opened === undefined) throw new Error('the house has not been opened');
    return opened;
  };
  const processOf = (name: string, replica = 1): HouseProcess | undefined =>
    theHouse()
      .processes()
      .find((each) => each.name === name && each.replica === replica);
  const pay = async (): Promise<string> => {
    if (chain === undefined) throw new Error('there is no chain');
    const outcome = await payDemo({
      gatewayUrl: theHouse().gatewayUrl,
      ...{ apiKey: chain.apiKey, organization: chain.organization, desk: chain.desk, tradePoint: chain.tradePoint },
      amountMinor: 149_000,
      line: () => undefined,
    });
    return outcome.status;
  };

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tolem-distributed-'));
    await chmod(root, 0o711);
    folder = stackFolder(tolemFolder(join(root, '.tolem')));
    opened = await DistributedHouse.open({
      ...{ folder, durable: false, quickKafka: true },
      prepareDatabase: async (adminUrl, restart) => {
        await answerOf(adminUrl, "ALTER SYSTEM SET track_activity_query_size = '4kB'");
        await restart();
      },
      environment: (service, replica) => {
        asked.push(`${service} ${replica}`);
        return {};
      },
      onServiceEnd: (service, replica, failure) => {
        ends.push(`${service} ${replica}`);
        ended.resolve(failure.message);
      },
    });
    chain = await opened.onboard();
  }, START_MS);
  afterAll(async () => {
    const pids = opened?.processes().map(({ pid }) => pid) ?? [];
    await opened?.close();
    await forgetStack(folder);
    await rm(root, { recursive: true });
    expect(pids.filter(isAlive)).toEqual([]);
  }, 90_000);

  it('what PostgreSQL needs a restart for is in force before the services come, and each replica has its own variables', async () => {
    expect(await answerOf(theHouse().databaseAdminUrl, 'SHOW track_activity_query_size')).toEqual([
      { track_activity_query_size: '4kB' },
    ]);
    expect(asked.toSorted()).toEqual(['gateway 1', 'kaspi 1']);
  });

  it(
    'a replica comes back where it was, and another one joins',
    async () => {
      const before = processOf('gateway');
      const url = theHouse().gatewayUrl;
      expect(await theHouse().stopService('gateway', 1)).toBe('code 0');
      expect(processOf('gateway')).toBeUndefined();
      expect(await theHouse().stopService('gateway', 1)).toBeUndefined();
      await theHouse().startService('gateway', 1);
      expect(theHouse().gatewayUrl).toBe(url);
      expect(processOf('gateway')?.managementUrl).toBe(before?.managementUrl);
      expect(processOf('gateway')?.pid).not.toBe(before?.pid);

      await theHouse().startService('kaspi', 2);
      expect(await theHouse().stopService('kaspi', 1, 'SIGKILL')).toBe('signal SIGKILL');
      expect(await pay()).toBe('succeeded');
      expect(ends).toEqual([]);
    },
    START_MS,
  );

  it(
    'every store comes back where it was after a kill, and payments go on',
    async () => {
      const addresses = (): string[] => [theHouse().databaseAdminUrl, ...theHouse().brokers, theHouse().redisUrl];
      const before = addresses();
      for (const store of ['redis', 'kafka', 'postgres'] as const) {
        const pid = processOf(store)?.pid ?? 0;
        await theHouse().stopStore(store, 'SIGKILL');
        expect([isAlive(pid), processOf(store)]).toEqual([false, undefined]);
        await theHouse().startStore(store);
      }
      expect(addresses()).toEqual(before);
      expect(await pay()).toBe('succeeded');
      expect(ends).toEqual([]);
    },
    START_MS,
  );

  it('a service that ends by itself is told with its log, a store that does is the end of the house', async () => {
    process.kill(processOf('kaspi', 2)?.pid ?? 0, 'SIGKILL');
    expect(await ended.promise).toContain(`The kaspi 2 ended by itself (signal SIGKILL); its log is ${folder.logs}`);
    expect(ends).toEqual(['kaspi 2']);
    expect(theHouse().ending.aborted).toBe(false);
    const broken = theHouse().failure.catch((error: unknown) => String(error));
    process.kill(processOf('redis')?.pid ?? 0, 'SIGKILL');
    expect(await broken).toContain(`Redis ended by itself; its log is ${join(folder.redis, 'redis.log')}`);
    expect(theHouse().ending.aborted).toBe(true);
  });
});

async function answerOf(adminUrl: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
