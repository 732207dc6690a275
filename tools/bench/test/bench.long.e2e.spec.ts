import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '@tolem/local-stack';
import { type BenchResult, benchResult } from '../src/bench-result.ts';

const run = promisify(execFile);
const BENCH = join(REPOSITORY, 'tools/bench/dist/main.js');
const LONGEST_MS = 400_000;

describe('the command that measures', () => {
  const written: string[] = [];
  afterAll(() => Promise.all(written.map((file) => rm(file, { force: true }))));

  /** Fails where the command does not end with 0, with what it said. */
  async function measured(line: string): Promise<{ result: BenchResult; table: string; said: string }> {
    const env = { ...process.env, NODE_OPTIONS: '' };
    const { stdout: said } = await run(process.execPath, [BENCH, ...line.split(' ')], { env, timeout: LONGEST_MS });
    const path = /^Written to (.+)\.json$/m.exec(said)?.[1] ?? '';
    written.push(`${path}.json`, `${path}.txt`);
    const table = await readFile(`${path}.txt`, 'utf8');
    return { result: benchResult.parse(JSON.parse(await readFile(`${path}.json`, 'utf8'))), table, said };
  }

  it(
    'carries payments through a house of one process, and shows and writes what they cost',
    async () => {
      const { result, table, said } = await measured('payments --embedded --rate 5 --seconds 8 --desks 10');
      expect(result).toMatchObject({ name: 'payments', mode: 'embedded', errors: 0 });
      expect(result.steps.map(({ sent, ok, errors }) => ({ sent, ok, errors }))).toEqual([
        { sent: 40, ok: 40, errors: 0 },
      ]);
      for (const figure of Object.values(result.latency_ms)) {
        expect(figure?.p50).toBeGreaterThan(0);
        expect(figure?.p99).toBeGreaterThanOrEqual(figure?.p50 ?? Infinity);
      }
      for (const process of ['standalone', 'postgres']) {
        expect(result.cpu_ms_per_payment[process]).toBeGreaterThan(0);
        expect(result.rss_mb[process]).toBeGreaterThan(0);
        expect(table).toContain(process);
      }
      expect(result.per_payment).toMatchObject({ messages: 4 });
      expect(result.per_payment.round_trips).toBeGreaterThan(4);
      expect(said).toContain(table.trim().split('\n')[0]);
    },
    LONGEST_MS,
  );

  it(
    'measures each process of a house over Kafka and Redis that has nothing to do',
    async () => {
      const { result, table } = await measured('idle --seconds 3 --desks 5');
      expect(result).toMatchObject({ name: 'idle', mode: 'distributed', errors: 0 });
      for (const process of ['gateway', 'kaspi', 'postgres', 'kafka', 'redis']) {
        expect(result.idle?.cpu_percent[process]).toBeLessThan(50);
        expect(result.idle?.wake_ups_per_second[process]).toBeGreaterThan(0);
        expect(table).toContain(process);
      }
      expect(result.idle?.kafka_bytes_per_second).toBe(0);
      expect(result.idle?.statements_per_second).toBeGreaterThan(0);
    },
    LONGEST_MS,
  );

  it('says what it does not understand, and ends with 1', async () => {
    const env = { ...process.env, NODE_OPTIONS: '' };
    await expect(run(process.execPath, [BENCH, 'paymnts'], { env })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('choose one of payments,'),
    });
  });
});
