import { describe, expect, it } from '@jest/globals';
import { difference, ProcessUsage } from './process-usage.ts';

describe('what a measurement used', () => {
  it('is unknown where either reading is', () => {
    const before = { standalone: 100, postgres: null, sandbox: 5, load_generator: 1 };
    const after = { standalone: 350, postgres: 20, sandbox: null, load_generator: 1.5 };
    expect(difference(before, after)).toEqual({ standalone: 250, postgres: null, sandbox: null, load_generator: 0.5 });
  });

  it('is null for processes that do not run, never zero', async () => {
    const nobody = 2 ** 30;
    const usage = await ProcessUsage.of({ standalone: nobody, postgres: nobody, sandbox: nobody });
    expect(await usage.cpuMs()).toMatchObject({ standalone: null, postgres: null, sandbox: null });
    expect(await usage.memoryMb()).toMatchObject({ standalone: null, postgres: null, sandbox: null });
  });

  it('grows with the work that a process does', async () => {
    const usage = await ProcessUsage.of({ standalone: process.pid, postgres: process.pid, sandbox: process.pid });
    const before = await usage.cpuMs();
    const from = process.cpuUsage();
    // CPU time, not time: others may have the core meanwhile.
    while (process.cpuUsage(from).user < 60_000) Math.sqrt(from.user);
    const used = difference(before, await usage.cpuMs());
    expect(used.load_generator).toBeGreaterThanOrEqual(60);
    // The kernel counts in ticks of 10 ms, or 4.
    if (process.platform === 'linux') expect(used.standalone).toBeGreaterThanOrEqual(40);
  });
});
