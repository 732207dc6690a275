import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { readContextSwitches, readKilobytes, readProcessStat } from './process-stat.ts';

/** The process that all others are measured from. */
export const LOAD_GENERATOR = 'load_generator';
export const SANDBOX = 'sandbox';

export interface WatchedProcess {
  name: string;
  pid: number;
  /** True: its children are part of it, as those of PostgreSQL are. */
  family: boolean;
}

/** By name of the process; null where this system does not tell (anything but Linux), or where it does not run. */
export type PerProcess = Readonly<Record<string, number | null>>;

/** Reads what the processes of a measurement have used so far, the load generator last. */
export class ProcessUsage {
  private readonly processes: readonly WatchedProcess[];
  /** Of the kernel's CPU clock. */
  readonly tickMs: number;

  private constructor(processes: readonly WatchedProcess[], tickMs: number) {
    this.processes = processes;
    this.tickMs = tickMs;
  }

  static async of(processes: readonly WatchedProcess[]): Promise<ProcessUsage> {
    const perSecond = await promisify(execFile)('getconf', ['CLK_TCK']).then(
      ({ stdout }) => Number(stdout),
      () => 100,
    );
    return new ProcessUsage(processes, 1_000 / perSecond);
  }

  /** User and system time since each process was started, in ms; exact to the kernel's tick (10 ms). */
  async cpuMs(): Promise<PerProcess> {
    const { user, system } = process.cpuUsage();
    const ours = (user + system) / 1_000;
    return this.each(ours, ({ pid, family }) => (family ? this.familyCpuMs(pid) : this.ownCpuMs(pid)));
  }

  /** Resident memory in MB; of a family the proportional share, so that what they share counts once. */
  memoryMb(): Promise<PerProcess> {
    const ours = Math.round(process.memoryUsage().rss / 1_048_576);
    return this.each(ours, ({ pid, family }) => (family ? familyMb(pid) : residentMb(pid)));
  }

  /** How often each process began to wait since it was started, all threads together: it was woken up as often. */
  async wakeUps(): Promise<PerProcess> {
    const ours = await wakeUpsOf(process.pid);
    return this.each(ours, async ({ pid, family }) => {
      const members = family ? [pid, ...(await childrenOf(pid))] : [pid];
      const counts = await Promise.all(members.map(wakeUpsOf));
      return counts[0] === null ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
    });
  }

  private async each(
    ours: number | null,
    of: (watched: WatchedProcess) => Promise<number | null>,
  ): Promise<PerProcess> {
    const found = await Promise.all(this.processes.map(async (one) => [one.name, await of(one)] as const));
    return Object.fromEntries([...found, [LOAD_GENERATOR, ours] as const]);
  }

  private async ownCpuMs(pid: number): Promise<number | null> {
    const stat = await statOf(pid);
    return stat === undefined ? null : stat.ownTicks * this.tickMs;
  }

  /** Children that have ended count too: their parent has waited for them. */
  private async familyCpuMs(pid: number): Promise<number | null> {
    const parent = await statOf(pid);
    if (parent === undefined) return null;
    const children = await Promise.all((await childrenOf(pid)).map(statOf));
    const ticks = children.reduce((sum, child) => sum + (child?.ownTicks ?? 0), 0);
    return (parent.ownTicks + parent.endedChildrenTicks + ticks) * this.tickMs;
  }
}

/** What was used between two readings. */
export function difference(before: PerProcess, after: PerProcess): PerProcess {
  return mapValues(before, (from, name) => {
    const to = after[name] ?? null;
    return from === null || to === null ? null : Math.max(0, to - from);
  });
}

export const perSecond = (used: PerProcess, ms: number): PerProcess =>
  mapValues(used, (value) => (value === null ? null : (value * 1_000) / ms));

export const mapValues = (
  values: PerProcess,
  change: (value: number | null, name: string) => number | null,
): PerProcess => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]));

/** Null where a part is unknown: a sum without it would be taken for the whole. */
export const sumOf = (values: readonly (number | null)[]): number | null =>
  values.reduce<number | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0);

/** Our processes and their stores together, without the bank and without the tills. */
export function oursAndStores(values: PerProcess): number | null {
  const ours = Object.entries(values).filter(([name]) => name !== SANDBOX && name !== LOAD_GENERATOR);
  return ours.length === 0 ? null : sumOf(ours.map(([, value]) => value));
}

const procFile = (pid: number, name: string): Promise<string> =>
  readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');

const statOf = async (pid: number): Promise<ReturnType<typeof readProcessStat>> =>
  readProcessStat(await procFile(pid, 'stat'));

const numbersIn = async (folder: string): Promise<number[]> =>
  (await readdir(folder).catch((): string[] => [])).filter((name) => /^\d+$/.test(name)).map(Number);

async function childrenOf(parent: number): Promise<number[]> {
  const pids = await numbersIn('/proc');
  const found = await Promise.all(pids.map(async (pid) => ({ pid, stat: await statOf(pid) })));
  return found.filter(({ stat }) => stat?.parentPid === parent).map(({ pid }) => pid);
}

async function wakeUpsOf(pid: number): Promise<number | null> {
  const threads = await numbersIn(`/proc/${pid}/task`);
  const counts = await Promise.all(
    threads.map(async (thread) => readContextSwitches(await procFile(pid, `task/${thread}/status`))),
  );
  return counts.length === 0 ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

async function residentMb(pid: number): Promise<number | null> {
  const kilobytes = readKilobytes(await procFile(pid, 'status'), 'VmRSS');
  return kilobytes === undefined ? null : Math.round(kilobytes / 1_024);
}

async function familyMb(pid: number): Promise<number | null> {
  const family = [pid, ...(await childrenOf(pid))];
  const shares = await Promise.all(
    family.map(async (member) => readKilobytes(await procFile(member, 'smaps_rollup'), 'Pss')),
  );
  // Another user's process is not ours to read.
  if (shares[0] === undefined) return null;
  return Math.round(shares.reduce<number>((sum, share) => sum + (share ?? 0), 0) / 1_024);
}
