import { describe, expect, it } from '@jest/globals';
import { runProcess } from './run-process.ts';

const node = (script: string, timeoutMs = 10_000) =>
  runProcess({
    command: process.execPath,
    args: ['-e', script],
    cwd: import.meta.dirname,
    env: { PATH: process.env['PATH'] },
    timeoutMs,
  });

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a process that a check runs', () => {
  it('is told apart by how it ended', async () => {
    expect(await node('console.log("one"); console.error("two")')).toEqual({
      kind: 'exited',
      code: 0,
      output: expect.stringMatching(/one\n[^]*two\n|two\n[^]*one\n/),
    });
    expect(await node('process.exit(3)')).toMatchObject({ kind: 'exited', code: 3 });
    expect(await node('process.kill(process.pid, "SIGKILL")')).toMatchObject({ kind: 'killed', signal: 'SIGKILL' });
  });

  it('that does not exist is no crash of ours', async () => {
    const end = await runProcess({
      command: '/nowhere/tool',
      args: [],
      cwd: import.meta.dirname,
      env: {},
      timeoutMs: 1_000,
    });
    expect(end).toEqual({ kind: 'not_started', detail: expect.stringContaining('ENOENT') });
  });

  it('is ended when its time is over', async () => {
    // Long enough for a process to begin on a busy machine.
    expect(await node('console.log("waiting"); setInterval(() => {}, 1000)', 3_000)).toEqual({
      kind: 'stopped',
      reason: 'did not end within 3 s',
      output: 'waiting\n',
    });
  });

  it('leaves nobody behind: what it started ends with it', async () => {
    const end = await node(
      `const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
       console.log(child.pid); child.unref(); setTimeout(() => process.exit(0), 200);`,
    );
    if (end.kind !== 'exited') throw new Error(`it ${end.kind}`);
    const pid = Number(end.output);
    expect(pid).toBeGreaterThan(1);
    // The signal has been sent when the promise settles; the kernel may need a moment to take the process away.
    const deadline = Date.now() + 15_000;
    while (isAlive(pid) && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
    expect(isAlive(pid)).toBe(false);
  });

  it('keeps only the end of what it printed', async () => {
    const end = await node('process.stdout.write("a".repeat(500_000) + "the end")');
    expect(end).toMatchObject({ kind: 'exited', output: expect.stringMatching(/^a{399993}the end$/) });
  });
});
