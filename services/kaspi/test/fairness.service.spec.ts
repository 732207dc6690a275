import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkTaxId } from '@tolem/domain';
import { type HoldingBank, startHoldingBank } from './holding-bank.ts';
import { KaspiHouse } from './kaspi-house.ts';
import { BIN } from './running-bank.ts';
import type { Connection } from './stand-in-gateway.ts';

/** All of them in npm run test:long; fewer show the same, sooner. */
const CROWD = process.env['TOLEM_LONG'] === '1' ? 1_000 : 200;
const SALES = 20;
const CONNECTIONS = 16;
const HELD = CONNECTIONS / 4;

describe('organizations that are taken in by the hundred under one certificate', () => {
  let house: KaspiHouse;
  let desk: HoldingBank;
  let shop: Connection;
  let partner: string;
  const crowd: Connection[] = [];

  beforeAll(async () => {
    // Longer than the spec: a question that is kept waiting must not be given up.
    house = await KaspiHouse.open({
      environment: {
        TOLEM_KASPI_CONNECTIONS: String(CONNECTIONS),
        TOLEM_KASPI_READ_TIMEOUT_MS: '60000',
        TOLEM_KASPI_START_TIMEOUT_MS: '60000',
      },
    });
    desk = await startHoldingBank(house.bank, (path) => path.includes('/partner/tradepoints/') && !path.endsWith(BIN));
    partner = await house.certificate(house.bank.credential());
    shop = house.newConnection(BIN);
    house.put(shop, partner, 1, desk.url);
    house.verify(shop);
    await house.until('the bank to serve the shop', () => house.connection(shop)?.health === 'up');
  }, 60_000);
  afterAll(async () => {
    desk?.open();
    await house?.close();
    await desk?.close();
  });

  it('delays neither starts nor polls of one that sells: its sales are paid while none of them has been answered', async () => {
    for (const bin of bins(CROWD)) {
      const connection = house.newConnection(bin);
      crowd.push(connection);
      house.put(connection, partner, 1, desk.url);
      house.verify(connection);
    }
    // As many as may: a quarter of the ways to the bank.
    await house.until('the bank to be asked about them', () => desk.held >= HELD);
    const sold = await house.soldAll(
      shop,
      Array.from({ length: SALES }, (_, no) => ({ amountMinor: 100_000 + no * 100 })),
    );
    expect(sold).toHaveLength(SALES);
    expect(desk.answered).toBe(0);
    expect(desk.held).toBe(HELD);
    expect(house.books()).toMatchObject({ paidTwice: [], oursMinor: house.books().bankMinor });
  }, 120_000);

  it('lets every one of them in as soon as the bank answers, each asked once', async () => {
    desk.open();
    await house.until('all of them', () => crowd.every((one) => house.connection(one)?.health === 'up'), 90_000);
    expect([desk.asked, desk.answered, desk.held]).toEqual([CROWD, CROWD, 0]);
  }, 120_000);
});

/** As many as are wanted, all with a right control digit. */
function bins(count: number): string[] {
  const found: string[] = [];
  for (let serial = 0; found.length < count; serial += 1) {
    const start = `250341${String(serial).padStart(5, '0')}`;
    const digit = Array.from({ length: 10 }, (_, last) => last).find((last) => checkTaxId('KZ', `${start}${last}`).ok);
    if (digit !== undefined) found.push(`${start}${digit}`);
  }
  return found;
}
