import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PaymentStatus } from '@tolem/domain';
import { KaspiHouse } from './kaspi-house.ts';
import { BIN } from './running-bank.ts';
import type { BankScheme, Connection } from './stand-in-gateway.ts';

const ANSWERED = { is: 'answered', answer: {} };
const REFUSED = { is: 'refused', failure: { provider_code: '-999' } };
const SCHEMES: readonly BankScheme[] = ['r1', 'r2', 'r3'];
const METHODS = ['kaspi_qr', 'kaspi_link'];

describe('the bank’s emulators play the buyer', () => {
  let house: KaspiHouse;
  const shops = new Map<BankScheme, Connection>();
  beforeAll(async () => {
    house = await KaspiHouse.open();
    await house.bank.autopilot(null);
    for (const scheme of SCHEMES) shops.set(scheme, await house.connectUnder(scheme));
  }, 60_000);
  afterAll(() => house.close());

  const shopUnder = (scheme: BankScheme): Connection => {
    const shop = shops.get(scheme);
    if (shop === undefined) throw new Error(`nobody is connected under ${scheme}`);
    return shop;
  };
  const shown = async (shop: Connection, method = 'kaspi_qr') => {
    const payment = house.pay(shop, { method });
    const { provider_ref: ref } = await house.reached(payment, 'requires_customer');
    return { payment, ref: ref ?? '' };
  };
  /** Between a scan and the end nothing is decided, so it is told as progress and not as a state. */
  const becomes = (payment: string, phase: PaymentStatus): Promise<boolean> =>
    house.until(`${payment} to become ${phase}`, () =>
      house.progress(payment).some(({ body }) => (body as { phase: PaymentStatus }).phase === phase),
    );
  const callsOf = (ref: string): number =>
    house.bank.row(ref)?.calls.filter(({ call }) => call.startsWith('test/payment/')).length ?? 0;

  it.each(SCHEMES.flatMap((scheme) => METHODS.map((method) => [scheme, method] as const)))(
    '%s, %s: a scan makes it processing, a confirmation pays it, and what does not fit is refused in the bank’s words',
    async (scheme, method) => {
      const shop = shopUnder(scheme);
      const { payment, ref } = await shown(shop, method);
      expect(await house.emulate(shop, ref, 'confirm')).toMatchObject(REFUSED);
      expect(await house.emulate(shop, ref, 'scan')).toEqual(ANSWERED);
      await becomes(payment, 'processing');
      expect(await house.emulate(shop, ref, 'scan')).toMatchObject(REFUSED);
      expect(await house.emulate(shop, ref, 'confirm')).toEqual(ANSWERED);
      await house.reached(payment, 'succeeded');
      expect(await house.emulate(shop, ref, 'confirm_error')).toMatchObject(REFUSED);
      expect(callsOf(ref)).toBe(5);
    },
  );

  it.each(
    SCHEMES.flatMap((scheme) => [
      { scheme, steps: ['scan_error'] },
      { scheme, steps: ['scan', 'confirm_error'] },
    ]),
  )('$scheme: $steps declines the payment', async ({ scheme, steps }) => {
    const shop = shopUnder(scheme);
    const { payment, ref } = await shown(shop);
    for (const step of steps) expect(await house.emulate(shop, ref, step)).toEqual(ANSWERED);
    await house.ended(payment);
    expect(house.state(payment)?.phase).toBe('declined');
  });

  it.each(SCHEMES)('%s: a purchase that the bank does not know has no buyer', async (scheme) => {
    expect(await house.emulate(shopUnder(scheme), '99999999999', 'scan')).toMatchObject(REFUSED);
  });

  it('no step reaches the bank under a live connection, though it be asked for as a test', async () => {
    const credential = await house.certificate(house.bank.credential('partner'));
    const live: Connection = { ...house.newConnection(BIN), mode: 'live' };
    house.put(live, credential);
    house.verify(live);
    await house.until('the live connection', () => house.connection(live)?.health === 'up');
    const { ref } = await shown(live);
    for (const step of ['scan', 'confirm', 'scan_error', 'confirm_error']) {
      expect(await house.emulate({ ...live, mode: 'test' }, ref, step)).toMatchObject({
        is: 'refused',
        failure: { code: 'test_mode_only', provider_code: null },
      });
    }
    expect(callsOf(ref)).toBe(0);
    expect(house.bank.row(ref)?.status).toBe('QrTokenCreated');
  });

  it('alarms nobody, and the books are equal', () => {
    const { bankMinor, oursMinor, paidTwice } = house.books();
    expect(house.alarms()).toEqual([]);
    expect([oursMinor, paidTwice]).toEqual([bankMinor, []]);
  });
});
