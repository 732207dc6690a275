import { appendFile, mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ProcessLog } from './process-log.ts';

describe('the log of a process', () => {
  let folder = '';
  let file = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tolem-process-log-'));
    file = join(folder, 'a.log');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = async (log: ProcessLog, text: string): Promise<void> => {
    const handle = await log.open();
    await handle.write(text);
    await handle.close();
  };

  it('keeps what earlier starts wrote and tells only of this one', async () => {
    await write(await ProcessLog.begin(file), 'earlier\n');
    const log = await ProcessLog.begin(file);
    await write(log, 'now\n');
    expect(await log.said('first')).toBe('now\n');
    expect(await log.said('last')).toBe('now\n');
  });

  it('shows a bounded piece of its beginning or of its end', async () => {
    const log = await ProcessLog.begin(file);
    await write(log, `begin${'.'.repeat(300_000)}end`);
    const [first, last] = [await log.said('first'), await log.said('last')];
    expect([first.length, last.length]).toEqual([262_144, 262_144]);
    expect(first).toMatch(/^begin/);
    expect(last).toMatch(/end$/);
  });

  it('puts one that has grown too long aside and keeps no more than that one', async () => {
    for (const round of ['first', 'second']) {
      await appendFile(file, round);
      await truncate(file, 21 * 1024 * 1024);
      await write(await ProcessLog.begin(file), '');
    }
    expect((await readdir(folder)).sort()).toEqual(['a.log', 'a.log.1']);
    const log = await ProcessLog.begin(file);
    await write(log, 'short again');
    expect(await log.said('first')).toBe('short again');
  });
});
