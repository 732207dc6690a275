import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningBank, until } from './running-bank.ts';

describe('scripted amounts', () => {
  let bank: RunningBank;
  let token: string;

  beforeAll(async () => {
    bank = await RunningBank.start();
    token = await bank.register();
  });
  afterAll(() => bank.remove());

  /** The status at moments counted from creation, in milliseconds. */
  async function story(id: number, moments: readonly number[]): Promise<string[]> {
    const told: string[] = [];
    let passed = 0;
    for (const moment of moments) {
      bank.clock.advance(moment - passed);
      passed = moment;
      told.push(await bank.status(id));
    }
    return told;
  }

  it('1 000 001 ₸ is refused by the buyer after the scan', async () => {
    const id = await bank.created(token, 1_000_001, 'one');
    expect(await story(id, [400, 500, 1500, 90_000])).toEqual(['QrTokenCreated', 'Wait', 'Error', 'Error']);
  });

  it('1 000 002 ₸ is never scanned', async () => {
    const id = await bank.created(token, 1_000_002, 'two');
    expect(await story(id, [1500, 30_000, 32_000])).toEqual(['QrTokenCreated', 'QrTokenCreated', 'Error']);
  });

  it('1 000 003 ₸ is scanned and dropped', async () => {
    const id = await bank.created(token, 1_000_003, 'three');
    expect(await story(id, [500, 15_500, 17_500])).toEqual(['Wait', 'Wait', 'Error']);
  });

  it('1 000 004 ₸ is never seen as paid within its timers and is paid afterwards', async () => {
    const id = await bank.created(token, 1_000_004, 'four');
    expect(await story(id, [1500, 35_000, 37_999, 38_000])).toEqual([
      'QrTokenCreated',
      'QrTokenCreated',
      'QrTokenCreated',
      'Processed',
    ]);
  });

  it('1 000 005 ₸ gets no status answer until both timers are over, though the buyer has paid', async () => {
    const id = await bank.created(token, 1_000_005, 'five');
    bank.clock.advance(2000);
    const startedAt = performance.now();
    expect(await bank.call(`/v01/payment/status/${id}`)).toMatchObject({ kind: 'cut' });
    expect(performance.now() - startedAt).toBeGreaterThan(60);
    expect(bank.row(id)).toMatchObject({ status: 'Processed' });
    expect(bank.row(id)?.calls.at(-1)).toMatchObject({ call: 'payment/status', answered: false, status: null });
    bank.clock.advance(52_999);
    expect(await bank.call(`/v01/payment/status/${id}`)).toMatchObject({ kind: 'cut' });
    bank.clock.advance(1);
    expect(await bank.status(id)).toBe('Processed');
  });

  it('1 000 006 ₸ finds no payment method and makes no purchase', async () => {
    const outcome = await bank.create(token, 1_000_006, 'six');
    expect(outcome.kind === 'answered' && JSON.parse(outcome.text)).toMatchObject({ StatusCode: 990000033 });
    expect(bank.sandbox.ledger().filter((row) => row.external_id === 'six')).toEqual([]);
  });

  it('1 000 007 ₸ loses the first create before acting: one purchase in the end', async () => {
    expect(await bank.create(token, 1_000_007, 'seven')).toMatchObject({ kind: 'cut' });
    expect(bank.sandbox.ledger().filter((row) => row.external_id === 'seven')).toEqual([]);
    const id = await bank.created(token, 1_000_007, 'seven');
    expect(await story(id, [500, 1500])).toEqual(['Wait', 'Processed']);
    expect(bank.sandbox.ledger().filter((row) => row.external_id === 'seven')).toHaveLength(1);
  });

  it('1 000 008 ₸ loses the first answer after acting: nobody pays the QR that nobody saw', async () => {
    expect(await bank.create(token, 1_000_008, 'eight')).toMatchObject({ kind: 'cut' });
    const id = await bank.created(token, 1_000_008, 'eight');
    expect(await story(id, [500, 1500, 40_000])).toEqual(['Wait', 'Processed', 'Processed']);
    const rows = bank.sandbox.ledger().filter((row) => row.external_id === 'eight');
    expect(rows.map((row) => row.status).sort()).toEqual(['Error', 'Processed']);
    expect(rows.map((row) => row.calls[0]?.answered).sort()).toEqual([false, true]);
  });

  it('1 000 008 ₸ under another ExternalId is lost once more', async () => {
    expect(await bank.create(token, 1_000_008, 'eight-b')).toMatchObject({ kind: 'cut' });
    await until(() => bank.sandbox.ledger().some((row) => row.external_id === 'eight-b'));
  });

  it('1 000 009 ₸ shows a status that nobody knows and is paid then', async () => {
    const id = await bank.created(token, 1_000_009, 'nine');
    expect(await story(id, [400, 1000, 2000, 3000, 4000])).toEqual([
      'QrTokenCreated',
      'PaymentInLimbo',
      'PaymentInLimbo',
      'PaymentInLimbo',
      'Processed',
    ]);
  });

  it('scripts have their buyer also with the autopilot off, ordinary amounts do not', async () => {
    await bank.control('PUT', '/autopilot', { kaspi: null });
    const scripted = await bank.created(token, 1_000_001, 'off-1');
    const ordinary = await bank.created(token, 1_000_010, 'off-2');
    bank.clock.advance(2000);
    expect([await bank.status(scripted), await bank.status(ordinary)]).toEqual(['Error', 'QrTokenCreated']);
  });
});
