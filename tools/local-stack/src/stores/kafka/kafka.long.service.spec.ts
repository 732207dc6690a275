import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { isAlive, waitForExit } from '../../processes/running-process.ts';
import { kafkaLeads } from './kafka-probe.ts';
import { type RunningKafka, startKafka } from './kafka.ts';

const STARTER = join(import.meta.dirname, '../../../test/programs/start-kafka.ts');
/** Several starts of a Java program on a machine that does other things. */
const STARTS_TIMEOUT_MS = 180_000;

describe('the Kafka of one machine', () => {
  let dataDir = '';
  const running: RunningKafka[] = [];

  const start = async (options: Partial<Parameters<typeof startKafka>[0]> = {}): Promise<RunningKafka> => {
    const kafka = await startKafka({ dataDir, quick: true, ...options });
    running.push(kafka);
    return kafka;
  };

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tolem-kafka-spec-'));
  });
  afterEach(async () => {
    for (const kafka of running.splice(0)) await kafka.stop();
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  it(
    'works when it is said to, keeps its topics from one start to the next, and leaves no process behind',
    async () => {
      const { createTopics } = await import('@tolem/messaging');
      const topics = [{ name: 'events', partitions: 2, retentionMs: 60_000, replicationFactor: 1 }];
      const steps: string[] = [];
      const first = await start({ onProgress: (step) => steps.push(step) });
      expect(await kafkaLeads(first.port)).toBe(true);
      expect(await createTopics({ brokers: first.brokers, topics })).toMatchObject({ created: ['events'] });
      await first.stop();
      await first.stop();
      expect(isAlive(first.pid)).toBe(false);
      const second = await start({ port: first.port, onProgress: (step) => steps.push(step) });
      expect(second.brokers).toEqual(first.brokers);
      expect(await createTopics({ brokers: second.brokers, topics })).toMatchObject({ unchanged: ['events'] });
      expect(steps.filter((step) => step.includes('formatting'))).toHaveLength(1);
    },
    STARTS_TIMEOUT_MS,
  );

  it(
    'one whose parent was killed is stopped by the next start',
    async () => {
      const parent = spawn(process.execPath, [STARTER, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const { pid } = JSON.parse(line.toString()) as { pid: number };
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      expect(isAlive(pid)).toBe(true);
      const steps: string[] = [];
      await start({ onProgress: (step) => steps.push(step) });
      expect(steps[0]).toContain('an earlier run had left');
      expect(isAlive(pid)).toBe(false);
    },
    STARTS_TIMEOUT_MS,
  );

  it(
    'one whose parent was killed ends by itself when nobody comes',
    async () => {
      const parent = spawn(process.execPath, [STARTER, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const { pid } = JSON.parse(line.toString()) as { pid: number };
      parent.kill('SIGKILL');
      expect(await waitForExit(pid, 60_000)).toBe(true);
    },
    STARTS_TIMEOUT_MS,
  );

  it(
    'names the port that is taken, and does not touch a program whose process id an old file names',
    async () => {
      await writeFile(join(dataDir, 'kafka.pid'), `${process.pid}\n`);
      const squatter = createServer().listen(0, '127.0.0.1');
      await once(squatter, 'listening');
      const { port } = squatter.address() as AddressInfo;
      await expect(start({ port })).rejects.toThrow(`port ${port}`);
      await new Promise((resolve) => squatter.close(resolve));
      await expect(readFile(join(dataDir, 'kafka.pid'))).rejects.toThrow('ENOENT');
    },
    STARTS_TIMEOUT_MS,
  );
});
