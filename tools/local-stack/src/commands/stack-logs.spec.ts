import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type StackFolder, stackFolder, tolemFolder } from '../tolem-folder/tolem-folder.ts';
import { chooseLogs, followLogs, listLogs } from './stack-logs.ts';

const DEADLINE_MS = 15_000;

describe('logs of the stack', () => {
  let folder: StackFolder = stackFolder(tolemFolder(''));
  beforeEach(async () => {
    folder = stackFolder(tolemFolder(await mkdtemp(join(tmpdir(), 'tolem-logs-'))));
    await mkdir(folder.logs, { recursive: true });
  });
  afterEach(() => rm(join(folder.dir, '..'), { recursive: true }));

  const write = (name: string, text: string): Promise<void> => writeFile(join(folder.logs, `${name}.log`), text);
  /** Follows until all of it was said, then gives what was said. */
  const follow = async (of: string, until: string, meanwhile: () => Promise<void>): Promise<string> => {
    const enough = new AbortController();
    let said = '';
    let answered = false;
    await followLogs(
      chooseLogs(await listLogs(folder), of),
      (news) => {
        said += news;
        if (said.includes(until)) enough.abort();
        if (!answered) void meanwhile();
        answered = true;
      },
      AbortSignal.any([enough.signal, AbortSignal.timeout(DEADLINE_MS)]),
    );
    return said;
  };

  it('a service means all its replicas, a replica itself, and a wrong name lists what there is', async () => {
    for (const name of ['kaspi-1', 'kaspi-2', 'kaspi-10', 'sandbox']) await write(name, 'x\n');
    const logs = await listLogs(folder);
    const chosen = (of: string): string[] => chooseLogs(logs, of).map(({ name }) => name);
    expect(chosen('kaspi').sort()).toEqual(['kaspi-1', 'kaspi-10', 'kaspi-2']);
    expect(chosen('kaspi-1')).toEqual(['kaspi-1']);
    expect(chosen('sandbox')).toEqual(['sandbox']);
    expect(() => chosen('kasp')).toThrow('choose one of kaspi-1, kaspi-10, kaspi-2, sandbox');
    expect(() => chooseLogs([], 'kaspi')).toThrow('There is no log of "kaspi" yet.');
  });

  it('several logs are told apart line by line, and a line comes when it is whole', async () => {
    await write('kaspi-1', 'one\n');
    await write('kaspi-2', 'half a li');
    const said = await follow('kaspi', 'kaspi-2 | half a line\n', () =>
      appendFile(join(folder.logs, 'kaspi-2.log'), 'ne\n'),
    );
    expect(said).toBe('kaspi-1 | one\nkaspi-2 | half a line\n');
  });

  it('a long log begins with its last whole lines, and one that begins anew is read from its beginning', async () => {
    await write('kaspi-1', `${'x'.repeat(20_000)}\nlast\n`);
    expect(await follow('kaspi-1', 'anew\n', () => write('kaspi-1', 'anew\n'))).toBe('last\nanew\n');
  });

  it('a line longer than the window is told in parts', async () => {
    const line = 'y'.repeat(600_000);
    await write('kaspi-1', 'first\n');
    const said = await follow('kaspi-1', 'end\n', () => appendFile(join(folder.logs, 'kaspi-1.log'), `${line}end\n`));
    expect(said).toBe(`first\n${line}end\n`);
  });
});
