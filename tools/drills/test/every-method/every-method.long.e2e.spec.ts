import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isAlive } from '@tolem/local-stack';
import { BankOffice } from './bank-office.ts';
import { booksDiffer } from './books-differ.ts';
import { kaspiCases } from './kaspi-cases.ts';
import { KaspiShop, type Scheme, SCHEMES } from './kaspi-shop.ts';
import { openDistributed } from './open-distributed.ts';
import { openEmbedded } from './open-embedded.ts';
import type { OpenHouse, OpensHouse } from './open-house.ts';

const OPEN_MS = 400_000;
const CASE_MS = 240_000;
/** An organization of its own for each scheme. */
const TAX_IDS: Readonly<Record<Scheme, string>> = { r1: '260360000021', r2: '260360000031', r3: '260360000061' };

const HOUSES: readonly (readonly [string, OpensHouse])[] = [
  ['one process', openEmbedded],
  ['two of each service over Kafka and Redis', openDistributed],
];
const CASES = SCHEMES.flatMap((scheme) =>
  kaspiCases.filter(({ schemes }) => schemes.includes(scheme)).map((one) => ({ scheme, says: one.says, run: one.run })),
);

describe.each(HOUSES)('everything that Kaspi QR can do, through the public API of %s', (_name, openHouse) => {
  let dir: string;
  let house: OpenHouse | undefined;
  const shops: KaspiShop[] = [];
  const outcomes: Promise<unknown>[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tolem-methods-'));
    // The database server runs as another user when we are root; its own folder inside is closed.
    await chmod(dir, 0o711);
    const opened = await openHouse(dir);
    house = opened;
    await new BankOffice(opened.bankControl).sendBuyersAway();
    const open = async (scheme: Scheme) => {
      const shop = await KaspiShop.open(opened, scheme, TAX_IDS[scheme]);
      // Who sold for the same organization before: another chain, with the key of scheme 1.
      const before = await KaspiShop.open(opened, 'r1', TAX_IDS[scheme]);
      shops.push(shop, before);
      return { shop, before };
    };
    const [r1, r2, r3] = await Promise.all([open('r1'), open('r2'), open('r3')]);
    const by = { r1, r2, r3 };
    // All at once, as tills are, and because some of them wait for the bank's timers.
    for (const [no, { scheme, run }] of CASES.entries()) {
      const { shop, before } = by[scheme];
      outcomes.push(run(shop, `desk-${no}`, before).then(undefined, (problem: unknown) => problem ?? 'failed'));
    }
  }, OPEN_MS);
  afterAll(async () => {
    await Promise.all(outcomes);
    const pids = house?.pids ?? [];
    await house?.close();
    await rm(dir, { recursive: true, force: true });
    expect(pids.filter(isAlive)).toEqual([]);
  }, OPEN_MS);

  it.each(CASES.map((one, no) => ({ ...one, no })))(
    '$scheme: $says',
    async ({ no }) => {
      const problem = await outcomes[no];
      if (problem !== undefined) throw problem;
      expect(outcomes.length).toBe(CASES.length);
    },
    CASE_MS,
  );

  it(
    'the bank’s books, ours, and the events that told of them agree',
    async () => {
      await Promise.all(outcomes);
      expect(await booksDiffer(shops)).toEqual([]);
    },
    CASE_MS,
  );
});
