import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ClientCredential } from '@tolem/egress';
import { KaspiHouse, type Sold } from './kaspi-house.ts';
import { BIN } from './running-bank.ts';
import { type Connection, deskOf } from './stand-in-gateway.ts';

const DAY_MS = 86_400_000;
const PART_MINOR = 10_000;

/** TLS compares dates with the clock on the wall. Credentials that the bank's door does not take, and one from our side that names no pair at all. */
const BAD: readonly (readonly [string, (house: KaspiHouse) => Promise<ClientCredential>])[] = [
  ['a foreign certificate', async ({ bank }) => bank.credential('foreign')],
  ['a certificate that has expired', async ({ bank }) => bank.credential('expired')],
  ['a certificate that is not valid yet', ({ bank }) => bank.issued(new Date(Date.now() + DAY_MS))],
];

describe.each(BAD)('a connection that comes with %s', (_name, credentialOf) => {
  let house: KaspiHouse;
  let connection: Connection;
  let good: string;
  let sold: Sold;
  let shown: string;
  let refunded: string;
  let refused: string;

  beforeAll(async () => {
    house = await KaspiHouse.open();
    good = await house.certificate(house.bank.credential());
    connection = await house.connect(BIN, good);
    sold = await house.sold(connection);
    await house.bank.autopilot(null);
    shown = house.pay(connection);
    await house.reached(shown, 'requires_customer');
    house.put(connection, await house.certificate(await credentialOf(house)), 2);
    house.verify(connection, 2);
    await house.until('the first cut', () => house.connection(connection)?.health !== 'up');
    const ref = house.state(shown)?.provider_ref ?? '';
    await house.bank.buyer(ref, 'scan');
    await house.bank.buyer(ref, 'confirm');
    refused = house.pay(connection, { desk: deskOf(shown) });
    refunded = house.refund(connection, { payment: sold.id, amountMinor: PART_MINOR });
    await house.reached(refused, 'failed');
  }, 60_000);
  afterAll(() => house.close());

  it('sells nothing: the payment fails, and the bank has no purchase', () => {
    const failure = house.state(refused)?.failure;
    expect(['provider_unavailable', 'certificate_refused']).toContain(failure?.code);
    expect(house.bank.purchasesOf(refused)).toEqual([]);
  });

  it('returns nothing: the refund waits, for as long as it may begin', () => {
    expect(house.refundNow(refunded)?.phase ?? 'pending').toBe('pending');
    expect(house.bank.returnsOf(sold.ref)).toEqual([]);
  });

  it('is refused for good only when that lasts, and the till of the payment that is shown hears no end', async () => {
    await house.until('the refusal', () => house.connection(connection)?.health === 'refused');
    expect(house.connection(connection)?.reason).toMatchObject({ code: 'certificate_refused' });
    expect(['requires_customer', 'unknown']).toContain(house.phases(shown).at(-1));
  });

  it('works again with a certificate that is taken: who paid meanwhile has paid, and the refund happens once', async () => {
    house.put(connection, good, 3);
    await house.reached(shown, 'succeeded');
    await house.refundReached(refunded, 'succeeded');
    expect(house.bank.returnsOf(sold.ref).map(({ amount }) => amount)).toEqual([PART_MINOR]);
    house.verify(connection, 3);
    await house.until('the bank to serve', () => house.connection(connection)?.health === 'up');
    expect(house.books().bankMinor).toBe(house.books().oursMinor);
  });
});
