import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox } from '@tolem/sandbox';
import { BankLedger } from './bank-ledger.ts';

describe('the books of the sandbox', () => {
  const signal = new AbortController().signal;
  let folder: string;
  let sandbox: Awaited<ReturnType<typeof startSandbox>>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tolem-bench-'));
    sandbox = await startSandbox({ dataFolder: folder, controlPort: 0, r3Port: 0 });
  });
  afterAll(async () => {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('are empty before the first payment, and its buyers come and stay away as told', async () => {
    const ledger = new BankLedger(sandbox.controlUrl);
    await ledger.setBuyers({ scan_ms: 500, confirm_ms: 1_500 }, signal);
    await ledger.setBuyers(null, signal);
    expect(await ledger.read(signal)).toEqual(new Map());
    expect(await ledger.readAll(signal)).toEqual(new Map());
  });

  it('are not read from a bank that refuses', async () => {
    await expect(new BankLedger(sandbox.controlUrl).setBuyers({ scan_ms: 5, confirm_ms: 1 }, signal)).rejects.toThrow(
      'the sandbox refused {"scan_ms":5,"confirm_ms":1} with 400',
    );
  });
});
