import { readFile } from 'node:fs/promises';
import { readMachineStat } from './process-stat.ts';
import { difference, type PerProcess, type ProcessUsage, sumOf } from './process-usage.ts';

export interface BusyTimes {
  wallMs: number;
  cpuMs: PerProcess;
  /** Cores that everything but our processes kept busy, what a hypervisor took included. */
  othersCores: number | null;
}

/** What our processes and all others used between two moments. */
export class BusySpan {
  private readonly usage: ProcessUsage;
  private readonly startedMs: number;
  private readonly cpuMs: PerProcess;
  private readonly machineMs: number | null;

  private constructor(usage: ProcessUsage, cpuMs: PerProcess, machineMs: number | null) {
    this.usage = usage;
    this.startedMs = performance.now();
    this.cpuMs = cpuMs;
    this.machineMs = machineMs;
  }

  static async open(usage: ProcessUsage): Promise<BusySpan> {
    return new BusySpan(usage, await usage.cpuMs(), await machineBusyMs(usage.tickMs));
  }

  async close(): Promise<BusyTimes> {
    const cpuMs = difference(this.cpuMs, await this.usage.cpuMs());
    const machineMs = await machineBusyMs(this.usage.tickMs);
    const wallMs = performance.now() - this.startedMs;
    const oursMs = sumOf(Object.values(cpuMs));
    if (machineMs === null || this.machineMs === null || oursMs === null) return { wallMs, cpuMs, othersCores: null };
    return { wallMs, cpuMs, othersCores: Math.max(0, (machineMs - this.machineMs - oursMs) / wallMs) };
  }
}

async function machineBusyMs(tickMs: number): Promise<number | null> {
  const ticks = readMachineStat(await readFile('/proc/stat', 'utf8').catch(() => ''));
  return ticks === undefined ? null : ticks * tickMs;
}
