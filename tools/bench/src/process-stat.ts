/** What `/proc/<pid>/stat` says about a process; ticks of the CPU clock (proc(5), fields 4 and 14 to 17). */
export interface ProcessStat {
  parentPid: number;
  /** User and system time of the process itself. */
  ownTicks: number;
  /** The same of its children that have ended and were waited for. */
  endedChildrenTicks: number;
}

/** Undefined for a line that is none. The name in parentheses may hold anything, parentheses and spaces included. */
export function readProcessStat(line: string): ProcessStat | undefined {
  const end = line.lastIndexOf(')');
  if (end === -1) return undefined;
  const fields = line.slice(end + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  const stat = {
    parentPid: field(4),
    ownTicks: field(14) + field(15),
    endedChildrenTicks: field(16) + field(17),
  };
  return Object.values(stat).every(Number.isInteger) ? stat : undefined;
}

/** Busy ticks of all cores since boot in `/proc/stat`: user, nice, system, irq, softirq and stolen time (proc(5)). */
export function readMachineStat(text: string): number | undefined {
  const fields = /^cpu +([\d ]+)$/m.exec(text)?.[1]?.trim().split(/ +/).map(Number);
  const [user, nice, system, , , irq, softirq, steal] = fields ?? [];
  const busy = [user, nice, system, irq, softirq, steal];
  return busy.reduce<number | undefined>(
    (sum, ticks) => (sum === undefined || ticks === undefined ? undefined : sum + ticks),
    0,
  );
}

/** Kilobytes after `name:` in a file such as `/proc/<pid>/status` or `smaps_rollup`. */
export function readKilobytes(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text);
  return found === null ? undefined : Number(found[1]);
}

/** How often a thread began to wait, in `/proc/<pid>/task/<thread>/status`. */
export function readContextSwitches(text: string): number | undefined {
  const found = /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(text);
  return found === null ? undefined : Number(found[1]);
}
