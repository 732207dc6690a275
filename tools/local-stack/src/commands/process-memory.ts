import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const MIB_IN_KIB = 1024;

/** What a process holds in memory, in MiB; undefined when it has ended or cannot be seen. */
export async function processMemoryMib(pid: number): Promise<number | undefined> {
  const kib = process.platform === 'linux' ? await fromProc(pid) : await fromPs(pid);
  return Number.isFinite(kib) ? Math.round(kib / MIB_IN_KIB) : undefined;
}

async function fromProc(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
}

async function fromPs(pid: number): Promise<number> {
  const said = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => undefined);
  return Number.parseInt(said?.stdout ?? '', 10);
}
