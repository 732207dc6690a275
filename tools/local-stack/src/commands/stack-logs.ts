import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PlainFailure } from '../terminal/plain-failure.ts';
import type { StackFolder } from '../tolem-folder/tolem-folder.ts';

const POLL_MS = 250;
/** How much of what was written before is shown at first, and how much at once afterwards. */
const FIRST_BYTES = 8_192;
const WINDOW_BYTES = 262_144;
const NEWLINE = 10;

export interface LogFile {
  /** `kaspi-1`, `kafka`. */
  name: string;
  path: string;
  bytes: number;
}

/** Every log of the services, the sandbox and the stores that is there. */
export async function listLogs(folder: Pick<StackFolder, 'logs' | 'postgres' | 'kafka' | 'redis'>): Promise<LogFile[]> {
  const found = await Promise.all(
    [folder.logs, folder.postgres, folder.kafka, folder.redis].map(async (dir) => {
      const names = (await readdir(dir).catch((): string[] => [])).filter((name) => name.endsWith('.log')).sort();
      return Promise.all(
        names.map(async (file) => {
          const path = join(dir, file);
          return { name: basename(file, '.log'), path, bytes: (await stat(path)).size };
        }),
      );
    }),
  );
  return found.flat();
}

/** The logs of a service (`kaspi`), of one replica (`kaspi-2`) or of a store. @throws PlainFailure that lists what is there. */
export function chooseLogs(logs: readonly LogFile[], of: string): LogFile[] {
  const chosen = logs.filter(({ name }) => name === of || (name.startsWith(`${of}-`) && /-\d+$/.test(name)));
  if (chosen.length > 0) return chosen;
  const names = logs.map(({ name }) => name).join(', ');
  throw new PlainFailure(`There is no log of "${of}"${names === '' ? ' yet' : `: choose one of ${names}`}.`);
}

/** Writes whole lines as they come, with the log's name in front where there are several, until the signal. */
export async function followLogs(
  logs: readonly LogFile[],
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const prefix = ({ name }: LogFile): string => (logs.length > 1 ? `${name} | ` : '');
  const tails = logs.map((log) => new Tail(log.path, prefix(log)));
  while (!signal.aborted) {
    for (const tail of tails) write(await tail.news());
    await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** One file that grows, and begins anew when its process is started with a log that has grown too long. */
class Tail {
  private readonly path: string;
  private readonly prefix: string;
  private offset: number | undefined;

  constructor(path: string, prefix: string) {
    this.path = path;
    this.prefix = prefix;
  }

  /** Whole lines since the last time; at first the end of what is there. */
  async news(): Promise<string> {
    const file = await open(this.path, 'r').catch(() => undefined);
    if (file === undefined) return '';
    try {
      const { size } = await file.stat();
      const first = this.offset === undefined;
      const from = this.offset === undefined ? Math.max(0, size - FIRST_BYTES) : this.offset > size ? 0 : this.offset;
      const { bytesRead, buffer } = await file.read(Buffer.alloc(WINDOW_BYTES), 0, WINDOW_BYTES, from);
      const read = buffer.subarray(0, bytesRead);
      // A line without an end that fills the whole window is told in parts.
      const end = bytesRead === WINDOW_BYTES && !read.includes(NEWLINE) ? bytesRead : read.lastIndexOf(NEWLINE) + 1;
      this.offset = from + end;
      // The first line of the first look was cut in the middle.
      const begin = first && from > 0 ? read.indexOf(NEWLINE) + 1 : 0;
      return read
        .subarray(begin, end)
        .toString('utf8')
        .replaceAll(/^(?=.)/gm, this.prefix);
    } finally {
      await file.close();
    }
  }
}
