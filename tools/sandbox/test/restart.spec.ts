import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BIN, RunningBank } from './running-bank.ts';

describe('the ledger across restarts', () => {
  let bank: RunningBank;
  let token: string;

  beforeEach(async () => {
    bank = await RunningBank.start();
    token = await bank.register();
  });
  afterEach(() => bank.remove());

  const ledgerPath = (): string => `${bank.folder}/ledger.jsonl`;
  const restart = async (): Promise<void> => {
    await bank.stop();
    await bank.open();
  };

  it('keeps devices, purchases, refunds, sequence numbers and the first answer with each status', async () => {
    const id = await bank.created(token, 100, 'S-1');
    await bank.control('PUT', '/autopilot', { kaspi: null });
    const open = await bank.created(token, 50, 'S-2');
    bank.clock.advance(1500);
    expect(await bank.status(id)).toBe('Processed');
    const body = { DeviceToken: token, QrPaymentId: id, Amount: 25, OrganizationBin: BIN };
    expect((await bank.envelope('/v01/payment/return', { body })).StatusCode).toBe(0);
    const before = bank.sandbox.ledger();
    await restart();
    expect(bank.sandbox.ledger()).toEqual(before);
    expect(await bank.register()).toBe(token);
    const { Data } = await bank.envelope(`/v01/payment/details?QrPaymentId=${id}&DeviceToken=${token}`);
    expect(Data).toMatchObject({ AvailableReturnAmount: 75 });
    bank.clock.advance(1000);
    expect(await bank.status(open)).toBe('QrTokenCreated');
    expect((await bank.control('GET', '/health')).body).toMatchObject({ kaspi: { autopilot: null } });
  });

  it('goes on with the buyer and the timers where time has brought them meanwhile', async () => {
    const paid = await bank.created(token, 100, 'S-1');
    const unscanned = await bank.created(token, 1_000_002, 'S-2');
    await bank.stop();
    bank.clock.advance(60_000);
    await bank.open();
    expect([await bank.status(paid), await bank.status(unscanned)]).toEqual(['Processed', 'Error']);
  });

  it('never gives an id twice, not even after a reset', async () => {
    const first = await bank.created(token, 100);
    await restart();
    const second = await bank.created(token, 100);
    await bank.control('POST', '/reset');
    await restart();
    const third = await bank.created(await bank.register(), 100);
    expect(first).toBeLessThan(second);
    expect(second).toBeLessThan(third);
  });

  it('loses the first scripted answer once, not once per restart', async () => {
    expect(await bank.create(token, 1_000_007, 'S-7')).toMatchObject({ kind: 'cut' });
    await restart();
    expect(await bank.create(token, 1_000_007, 'S-7')).toMatchObject({ kind: 'answered' });
  });

  it('tolerates a last line that a crash has cut off, and goes on writing after it', async () => {
    const id = await bank.created(token, 100);
    await bank.stop();
    appendFileSync(ledgerPath(), '{"t":"refund","id":1660');
    await bank.open();
    const next = await bank.created(token, 200);
    await restart();
    expect(bank.sandbox.ledger().map((row) => row.id)).toEqual([String(id), String(next)]);
  });

  it('refuses to start with a broken line in the middle and says which', async () => {
    await bank.created(token, 100);
    await bank.stop();
    const lines = readFileSync(ledgerPath(), 'utf8').split('\n');
    lines[1] = '{"t":"device"';
    writeFileSync(ledgerPath(), lines.join('\n'));
    await expect(bank.open()).rejects.toThrow(/^Line 2 of .*ledger\.jsonl cannot be read/);
  });

  it('writes a purchase into its file before it answers', async () => {
    const id = await bank.created(token, 100, 'S-1');
    expect(readFileSync(ledgerPath(), 'utf8')).toContain(`"t":"purchase","id":${id},`);
  });
});
