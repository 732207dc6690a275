import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '@tolem/sandbox';
import { type TestDatabase, waitFor } from '@tolem/testing';
import { type Chain, onboard, type PaymentView } from './chain.ts';
import { House } from './house.ts';
import { houseDatabase, houseEnvironment } from './house-database.ts';

const PAYMENTS = 40;
/** After how many answered creates the process is killed. */
const KILL_AFTER = [8, 20, 30];
const START_WITHIN_MS = 20_000;

describe('a process that is killed with -9 again and again under load', () => {
  let folder: string;
  let database: TestDatabase;
  let bank: Sandbox;
  let house: House;
  let chain: Chain;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tolem-crash-'));
    [database, bank] = await Promise.all([
      houseDatabase(),
      startSandbox({ dataFolder: folder, controlPort: 0, r3Port: 0, timers: 'local' }),
    ]);
    house = new House(houseEnvironment(database, bank.r3Url));
    chain = await onboard(await house.start(), bank.tls);
  }, 240_000);

  afterAll(async () => {
    await house?.kill('SIGKILL');
    await bank?.close();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('leaves every payment final, our books equal to the bank’s, and sends no start after its deadline', async () => {
    const keys = Array.from({ length: PAYMENTS }, (_, index) => `crash-${index}`);
    let answered = 0;
    const tills = keys.map(async (key, index) => {
      await waitFor(`the turn of ${key}`, () => answered >= index - 5, 90_000);
      // A till repeats its request under the same key until somebody answers.
      await waitFor(
        `an answer to ${key}`,
        async () => (await chain.pay(100_000 + index * 100, key, 0)).status < 300,
        60_000,
      );
      answered += 1;
    });
    for (const count of KILL_AFTER) {
      await waitFor(`${count} answers`, () => answered >= count, 60_000);
      await house.kill('SIGKILL');
      chain.gateway = await house.start();
    }
    await Promise.all(tills);

    const ended: PaymentView[] = [];
    for (const key of keys) {
      ended.push(
        await waitFor(
          `${key} to end`,
          async () => {
            const payment = await chain.get<PaymentView>(`/v1/payments/by_key/${key}`);
            return ['created', 'requires_customer', 'processing', 'unknown'].includes(payment.status)
              ? undefined
              : payment;
          },
          90_000,
        ),
      );
    }
    expect(new Set(ended.map((payment) => payment.id)).size).toBe(PAYMENTS);
    expect(ended.filter((payment) => payment.status === 'succeeded').length).toBeGreaterThan(PAYMENTS / 2);

    const ours = ended
      .filter((payment) => payment.status === 'succeeded')
      .map((payment) => `${payment.id} ${payment.amount}`);
    const theirs = bank
      .ledger()
      .filter((row) => row.status === 'Processed')
      .map((row) => `${row.external_id} ${row.amount}`);
    expect(ours.sort()).toEqual(theirs.sort());

    const createdAt = new Map(ended.map((payment) => [payment.id, Date.parse(payment.created_at)]));
    for (const row of bank.ledger()) {
      const create = row.calls.find((call) => call.call === 'qr/create');
      if (create === undefined) continue;
      const startBy = (createdAt.get(row.external_id ?? '') ?? Number.NaN) + START_WITHIN_MS;
      expect(Date.parse(create.at)).toBeLessThanOrEqual(startBy);
    }
  }, 240_000);

  it('stops cleanly when it is asked to', async () => {
    expect(await house.kill('SIGTERM')).toBe(0);
  }, 60_000);
});
