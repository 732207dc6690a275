import { type FileHandle, open, rename, stat } from 'node:fs/promises';

/** A log longer than this is put aside when its process starts anew; one older log is kept. */
const MAX_LOG_BYTES = 20 * 1024 * 1024;
const WINDOW_BYTES = 262_144;

/** The file that both streams of a process go to, from the place where one start of it begins. */
export class ProcessLog {
  private readonly file: string;
  private readonly start: number;

  private constructor(file: string, start: number) {
    this.file = file;
    this.start = start;
  }

  static async begin(file: string): Promise<ProcessLog> {
    const known = await stat(file).catch(() => undefined);
    if (known === undefined) return new ProcessLog(file, 0);
    if (known.size <= MAX_LOG_BYTES) return new ProcessLog(file, known.size);
    await rename(file, `${file}.1`);
    return new ProcessLog(file, 0);
  }

  /** For the process to write to, from its end on. */
  open(): Promise<FileHandle> {
    return open(this.file, 'a', 0o600);
  }

  /** What it has written since it was started: the first 256 KiB, or the last. */
  async said(which: 'first' | 'last'): Promise<string> {
    const handle = await open(this.file, 'r');
    try {
      const { size } = await handle.stat();
      const from = which === 'first' ? this.start : Math.max(this.start, size - WINDOW_BYTES);
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(WINDOW_BYTES), 0, WINDOW_BYTES, from);
      return buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await handle.close();
    }
  }
}
