import { describe, expect, it } from '@jest/globals';
import { difference, oursAndStores, ProcessUsage, type WatchedProcess } from './process-usage.ts';

const watched = (pid: number): WatchedProcess[] => [
  { name: 'kaspi', pid, family: false },
  { name: 'postgres', pid, family: true },
];

describe('what a measurement used', () => {
  it('is unknown where either reading is', () => {
    const before = { standalone: 100, postgres: null, sandbox: 5, load_generator: 1 };
    const after = { standalone: 350, postgres: 20, sandbox: null, load_generator: 1.5 };
    expect(difference(before, after)).toEqual({ standalone: 250, postgres: null, sandbox: null, load_generator: 0.5 });
  });

  it('is null for processes that do not run, never zero', async () => {
    const nobody = 2 ** 30;
    const usage = await ProcessUsage.of(watched(nobody));
    const unknown = { kaspi: null, postgres: null };
    expect(await usage.cpuMs()).toMatchObject(unknown);
    expect(await usage.memoryMb()).toMatchObject(unknown);
    expect(await usage.wakeUps()).toMatchObject(unknown);
  });

  it('grows with the work that a process does', async () => {
    const usage = await ProcessUsage.of(watched(process.pid));
    const before = await usage.cpuMs();
    const from = process.cpuUsage();
    // CPU time, not time: others may have the core meanwhile.
    while (process.cpuUsage(from).user < 60_000) Math.sqrt(from.user);
    const used = difference(before, await usage.cpuMs());
    expect(used['load_generator']).toBeGreaterThanOrEqual(60);
    // The kernel counts in ticks of 10 ms, or 4.
    if (process.platform === 'linux') expect(used['kaspi']).toBeGreaterThanOrEqual(40);
  });

  it('of ours and our stores leaves the bank and the tills out, and is unknown where a part of it is', () => {
    const used = { gateway: 3, 'kaspi-1': 1, 'kaspi-2': 1.5, kafka: 2, sandbox: 40, load_generator: null };
    expect(oursAndStores(used)).toBe(7.5);
    expect(oursAndStores({ ...used, kafka: null })).toBeNull();
    expect(oursAndStores({ sandbox: 40, load_generator: 3 })).toBeNull();
  });
});
