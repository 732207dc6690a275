import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KaspiHouse } from './kaspi-house.ts';
import type { BankScheme, Connection } from './stand-in-gateway.ts';

describe('the bank’s emulators play the buyer', () => {
  let house: KaspiHouse;
  beforeAll(async () => {
    house = await KaspiHouse.open();
    await house.bank.autopilot(null);
  }, 60_000);
  afterAll(() => house.close());

  const shown = async (shop: Connection, method = 'kaspi_qr') => {
    const payment = house.pay(shop, { method });
    const { provider_ref: ref } = await house.reached(payment, 'requires_customer');
    return { payment, ref: ref ?? '' };
  };
  const answered = { is: 'answered', answer: {} };

  it.each<[BankScheme, string]>([
    ['r1', 'kaspi_qr'],
    ['r2', 'kaspi_link'],
    ['r3', 'kaspi_qr'],
    ['r3', 'kaspi_link'],
  ])('%s, %s: a scan and a confirmation pay; a step that does not fit is refused', async (scheme, method) => {
    const shop = await house.connectUnder(scheme);
    const { payment, ref } = await shown(shop, method);
    expect(await house.emulate(shop, ref, 'confirm')).toMatchObject({
      is: 'refused',
      failure: { provider_code: '-999' },
    });
    expect(await house.emulate(shop, ref, 'scan')).toEqual(answered);
    await house.until('the scan to be seen', () => house.progress(payment).length > 0);
    expect(await house.emulate(shop, ref, 'confirm')).toEqual(answered);
    await house.reached(payment, 'succeeded');
    expect(house.bank.row(ref)?.calls.filter(({ call }) => call.startsWith('test/payment/'))).toHaveLength(3);
  });

  it.each([
    ['while scanning', ['scan_error']],
    ['while confirming', ['scan', 'confirm_error']],
  ])('an error %s ends the payment unpaid', async (_, steps) => {
    const shop = await house.connectUnder('r3');
    const { payment, ref } = await shown(shop);
    for (const step of steps) expect(await house.emulate(shop, ref, step)).toEqual(answered);
    await house.until('the end', () => ['declined', 'failed', 'expired'].includes(house.state(payment)?.phase ?? ''));
    expect(house.books()).toMatchObject({ paidTwice: [] });
  });

  it('another organization’s purchase has no buyer here', async () => {
    const shop = await house.connectUnder('r3');
    expect(await house.emulate(shop, '99999999999', 'scan')).toMatchObject({ is: 'refused' });
  });
});
