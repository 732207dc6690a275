import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { readKilobytes, readProcessStat } from './process-stat.ts';

export const PROCESSES = ['standalone', 'postgres', 'sandbox', 'load_generator'] as const;
export type ProcessName = (typeof PROCESSES)[number];

export type Pids = Record<Exclude<ProcessName, 'load_generator'>, number>;
/** Null where this system does not tell (anything but Linux). */
export type PerProcess = Record<ProcessName, number | null>;

/** Reads what the processes of a measurement have used so far. PostgreSQL is its postmaster and all its children. */
export class ProcessUsage {
  private readonly pids: Pids;
  /** Of the kernel's CPU clock. */
  readonly tickMs: number;

  private constructor(pids: Pids, tickMs: number) {
    this.pids = pids;
    this.tickMs = tickMs;
  }

  static async of(pids: Pids): Promise<ProcessUsage> {
    const perSecond = await promisify(execFile)('getconf', ['CLK_TCK']).then(
      ({ stdout }) => Number(stdout),
      () => 100,
    );
    return new ProcessUsage(pids, 1_000 / perSecond);
  }

  /** User and system time since each process was started, in ms; exact to the kernel's tick (10 ms). */
  async cpuMs(): Promise<PerProcess> {
    const { user, system } = process.cpuUsage();
    const [standalone, sandbox, postgres] = await Promise.all([
      this.ownCpuMs(this.pids.standalone),
      this.ownCpuMs(this.pids.sandbox),
      this.familyCpuMs(this.pids.postgres),
    ]);
    return { standalone, postgres, sandbox, load_generator: (user + system) / 1_000 };
  }

  /** Resident memory in MB; of PostgreSQL the proportional share, so that its shared buffers count once. */
  async memoryMb(): Promise<PerProcess> {
    const [standalone, sandbox, postgres] = await Promise.all([
      residentMb(this.pids.standalone),
      residentMb(this.pids.sandbox),
      familyMb(this.pids.postgres),
    ]);
    return { standalone, postgres, sandbox, load_generator: Math.round(process.memoryUsage().rss / 1_048_576) };
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
  const of = (name: ProcessName): number | null => {
    const [from, to] = [before[name], after[name]];
    return from === null || to === null ? null : Math.max(0, to - from);
  };
  return {
    standalone: of('standalone'),
    postgres: of('postgres'),
    sandbox: of('sandbox'),
    load_generator: of('load_generator'),
  };
}

const procFile = (pid: number, name: string): Promise<string> =>
  readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');

const statOf = async (pid: number): Promise<ReturnType<typeof readProcessStat>> =>
  readProcessStat(await procFile(pid, 'stat'));

async function childrenOf(parent: number): Promise<number[]> {
  const names = await readdir('/proc').catch((): string[] => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ({ pid, stat: await statOf(pid) })));
  return found.filter(({ stat }) => stat?.parentPid === parent).map(({ pid }) => pid);
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
