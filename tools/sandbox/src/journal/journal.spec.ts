import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Journal } from './journal.ts';
import type { JournalRecord } from './journal-record.ts';

describe('the journal', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tolem-journal-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function read(): Promise<JournalRecord[]> {
    const records: JournalRecord[] = [];
    const journal = Journal.open(folder);
    await journal.replay((record) => records.push(record));
    journal.close();
    return records;
  }

  it('gives back every record in order, each written by the time append returns', async () => {
    const journal = Journal.open(folder);
    journal.append({ t: 'first_lost', key: 'a' });
    journal.append({ t: 'first_lost', key: 'b' });
    expect(readFileSync(join(folder, 'ledger.jsonl'), 'utf8').split('\n')).toHaveLength(3);
    journal.close();
    expect(await read()).toEqual([
      { t: 'first_lost', key: 'a' },
      { t: 'first_lost', key: 'b' },
    ]);
  });

  it('drops a half-written last line, however long the file, also when it is the only one', async () => {
    appendFileSync(join(folder, 'ledger.jsonl'), '{"t":"first');
    expect(await read()).toEqual([]);
    const journal = Journal.open(folder);
    journal.append({ t: 'first_lost', key: 'x'.repeat(2_000_000) });
    journal.append({ t: 'first_lost', key: 'y' });
    journal.close();
    appendFileSync(join(folder, 'ledger.jsonl'), '{"t":"first_lost","key":"z"}');
    expect((await read()).map((record) => ('key' in record ? record.key.charAt(0) : ''))).toEqual(['x', 'y']);
  });

  it('refuses a record that it does not know', async () => {
    appendFileSync(join(folder, 'ledger.jsonl'), '{"t":"gift","id":1}\n');
    await expect(read()).rejects.toThrow('Line 1 of');
  });

  it('is empty after being cleared and can be closed twice', async () => {
    const journal = Journal.open(folder);
    journal.append({ t: 'first_lost', key: 'a' });
    journal.clear();
    journal.append({ t: 'first_lost', key: 'b' });
    journal.close();
    journal.close();
    expect(await read()).toEqual([{ t: 'first_lost', key: 'b' }]);
  });
});
