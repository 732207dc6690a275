import {
  closeSync,
  createReadStream,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { journalRecord } from './journal-record.ts';
import type { JournalRecord } from './journal-record.ts';

const TAIL_BYTES = 1024 * 1024;

/**
 * The ledger's file: JSON lines, only ever appended to. A line is handed to the operating system before the answer
 * that it belongs to is written, so that the bank survives a kill; it is not forced to the disk, because a machine
 * that loses power loses the simulated bank with everything else.
 */
export class Journal {
  private open = true;

  private constructor(
    private readonly file: number,
    private readonly path: string,
  ) {}

  /** Opens or creates `ledger.jsonl` in a folder. A last line that a crash cut off is removed. */
  static open(folder: string): Journal {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, 'ledger.jsonl');
    const file = openSync(path, 'a+', 0o600);
    cutHalfLine(file);
    return new Journal(file, path);
  }

  /** Every record in order. A line in the middle that cannot be read stops the start: the books would be wrong. */
  async replay(apply: (record: JournalRecord) => void): Promise<number> {
    let line = 0;
    const lines = createInterface({ input: createReadStream(this.path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
    for await (const text of lines) {
      line += 1;
      const record = journalRecord.safeParse(parsed(text));
      if (!record.success) {
        throw new Error(`Line ${line} of ${this.path} cannot be read. Move the file away to start with empty books.`);
      }
      apply(record.data);
    }
    return line;
  }

  get isOpen(): boolean {
    return this.open;
  }

  /** Throws when the line could not be written whole; half a line never stays, it would spoil the next one. */
  append(record: JournalRecord): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    const before = fstatSync(this.file).size;
    let written = 0;
    try {
      written = writeSync(this.file, line);
    } finally {
      if (written < line.length) ftruncateSync(this.file, before);
    }
    if (written < line.length) throw new Error(`${this.path} cannot be written: the disk may be full.`);
  }

  /** Forgets everything; only `POST /reset` asks for it. */
  clear(): void {
    ftruncateSync(this.file, 0);
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    closeSync(this.file);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cutHalfLine(file: number): void {
  const { size } = fstatSync(file);
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  readSync(file, tail, 0, tail.length, size - tail.length);
  const lastBreak = tail.lastIndexOf(0x0a);
  const keep = size - tail.length + lastBreak + 1;
  if (keep < size) ftruncateSync(file, keep);
}
