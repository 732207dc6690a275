import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectionState } from '@tolem/contracts';
import { CASHIER_KEYS, cashierText, uuidFromId } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import fc from 'fast-check';
import { GatewayHarness, PROVIDER, SCHEME, type Shop } from '../test/gateway-harness.ts';

let house: GatewayHarness;
beforeAll(async () => {
  house = await GatewayHarness.start();
});
afterAll(() => house.close());

const REFUSED = {
  code: 'certificate_refused',
  provider_code: '-1601',
  provider_message: 'Unknown BIN',
  cashier_key: 'desk_setup',
};
const look = async (shop: Shop) => (await shop.api.get(`/v1/connections/${shop.connection}`)).body;
const points = async (shop: Shop) =>
  (await shop.api.get(`/v1/organizations/${shop.organization}/trade_points`))
    .list()
    .map((point) => [point['provider_ref'], point['name'], point['active']]);

/** Tells a state that counts and waits until it has been taken in. */
async function tell(shop: Shop, state: Partial<ConnectionState> & { seq: number }): Promise<void> {
  house.tellConnectionState(shop.connection, state);
  await waitFor('the state', async () => {
    const rows = await house.rows<{ seq: string }>('SELECT provider_seq AS seq FROM connection WHERE id = $1', [
      uuidFromId('con', shop.connection),
    ]);
    return rows[0]?.seq === String(state.seq);
  });
}

describe('what a provider’s service tells of a connection', () => {
  it('makes it verified, or failed with a reason to act on', async () => {
    const shop = await house.onboard();
    expect(await look(shop)).toMatchObject({
      status: 'verified',
      health: 'up',
      reason: null,
      checked_at: expect.stringMatching(/Z$/),
    });
    await tell(shop, { seq: 2, health: 'refused', reason: REFUSED });
    expect(await look(shop)).toMatchObject({
      status: 'failed',
      health: 'refused',
      reason: {
        code: 'certificate_refused',
        provider_code: '-1601',
        provider_message: 'Unknown BIN',
        message: { ru: expect.stringMatching(/\w|[а-я]/) },
      },
    });
    await tell(shop, { seq: 3, health: 'up' });
    expect(await look(shop)).toMatchObject({ status: 'verified', reason: null });
  });

  it('tells an administrator what he can do, never what a cashier is told', async () => {
    const shop = await house.onboard();
    const reason = {
      code: 'connection_misconfigured',
      provider_code: null,
      provider_message: 'bad_endpoint',
      cashier_key: 'desk_setup',
    };
    await tell(shop, { seq: 2, health: 'refused', reason });
    expect(await look(shop)).toMatchObject({
      reason: {
        provider_message: 'bad_endpoint',
        message: { en: expect.stringMatching(/^The settings of the connection/) },
      },
    });
    const admin_text = { ru: 'Проверьте адрес', kk: 'Мекенжайды тексеріңіз', en: 'Check the address' };
    await tell(shop, { seq: 3, health: 'refused', reason: { ...reason, admin_text } });
    expect(await look(shop)).toMatchObject({ reason: { message: admin_text } });
    for (const key of CASHIER_KEYS) {
      await tell(shop, {
        seq: 10 + CASHIER_KEYS.indexOf(key),
        health: 'refused',
        reason: { ...REFUSED, cashier_key: key },
      });
      expect(await look(shop)).not.toMatchObject({ reason: { message: cashierText(key) } });
    }
  });

  it('counts only forwards: an old, repeated or foreign-version fact changes nothing', async () => {
    const shop = await house.onboard();
    await tell(shop, { seq: 5, health: 'up' });
    house.tellConnectionState(shop.connection, { seq: 4, health: 'refused', reason: REFUSED });
    house.tellConnectionState(shop.connection, { seq: 5, health: 'refused', reason: REFUSED });
    house.tellConnectionState(shop.connection, { seq: 6, connection_version: 2, health: 'refused', reason: REFUSED });
    await tell(shop, { seq: 7, health: 'up' });
    expect(await look(shop)).toMatchObject({ status: 'verified', reason: null });
    await shop.api.patch(`/v1/connections/${shop.connection}`, { options: { a: 1 } });
    house.tellConnectionState(shop.connection, { seq: 8, connection_version: 1, health: 'up' });
    await tell(shop, { seq: 9, connection_version: 2, health: 'down', reason: null });
    expect(await look(shop)).toMatchObject({ status: 'failed', health: 'down', version: 2 });
  });

  it('lists trade points: new ones come, renamed ones change, vanished ones become inactive and may come back', async () => {
    const shop = await house.onboard({ tradePoints: 2 });
    const ids = shop.tradePoints;
    await tell(shop, {
      seq: 2,
      trade_points: [
        { ref: '2', name: 'Second, renamed' },
        { ref: '9', name: 'Ninth' },
        { ref: '9', name: 'Ninth, twice' },
      ],
    });
    expect(await points(shop)).toEqual([
      ['1', 'Point 1', false],
      ['2', 'Second, renamed', true],
      ['9', 'Ninth, twice', true],
    ]);
    await tell(shop, { seq: 3, trade_points: null });
    expect((await points(shop)).map(([, , active]) => active)).toEqual([false, true, true]);
    await tell(shop, { seq: 4, trade_points: [{ ref: '1', name: 'Point 1' }] });
    expect((await points(shop)).map(([, , active]) => active)).toEqual([true, false, false]);
    expect(await shop.api.get(`/v1/trade_points/${ids[0] ?? ''}`)).toMatchObject({
      status: 200,
      body: { provider_ref: '1', active: true },
    });
    const active = await shop.api.get(`/v1/organizations/${shop.organization}/trade_points?active=true`);
    expect(active.list()).toHaveLength(1);
  });

  it('keeps the ids of trade points when the connection is replaced, because desks stand in them', async () => {
    const shop = await house.onboard({ tradePoints: 1 });
    await shop.api.post(`/v1/connections/${shop.connection}/disable`);
    const again = await shop.api.post(`/v1/organizations/${shop.organization}/connections`, {
      provider: PROVIDER.name,
      scheme: SCHEME,
      certificate: shop.certificate,
    });
    house.tellConnectionState(again.string('/id'), { trade_points: [{ ref: '1', name: 'Point 1' }] });
    await waitFor(
      'the new connection',
      async () => (await shop.api.get(`/v1/connections/${again.string('/id')}`)).at('/status') === 'verified',
    );
    const listed = await shop.api.get(`/v1/organizations/${shop.organization}/trade_points`);
    expect(listed.list().map((point) => point['id'])).toEqual(shop.tradePoints);
  });

  it('of a disabled connection is no longer heard', async () => {
    const shop = await house.onboard({ tradePoints: 1 });
    await shop.api.post(`/v1/connections/${shop.connection}/disable`);
    const other = await house.onboard();
    house.tellConnectionState(shop.connection, { seq: 2, connection_version: 2, trade_points: [] });
    await tell(other, { seq: 2 });
    expect(await points(shop)).toEqual([['1', 'Point 1', true]]);
    expect(await look(shop)).toMatchObject({ status: 'disabled' });
  });

  it('costs one round trip for a whole batch', async () => {
    const shops = [await house.onboard(), await house.onboard(), await house.onboard()];
    let trips = 0;
    const stop = house.gateway.workerDatabase.onRoundTrip((sql) => (trips += /UPDATE connection/.test(sql) ? 1 : 0));
    for (const shop of shops) house.tellConnectionState(shop.connection, { seq: 20, health: 'down' });
    for (const shop of shops) await waitFor('down', async () => (await look(shop))['health'] === 'down');
    stop();
    expect(trips).toBe(1);
  });

  it('ends the same in whatever order, batches and repetition it comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([1, 2, 3, 4, 5, 5, 3, 6, 6, 6, 2], { minLength: 11 }), async (order) => {
        const shop = await house.onboard({ tradePoints: 1 });
        for (const step of order) {
          const seq = step + 1;
          const health = seq % 2 === 0 ? 'refused' : 'up';
          house.tellConnectionState(shop.connection, {
            seq,
            health,
            trade_points: seq === 7 ? [{ ref: 'last', name: 'Last' }] : [{ ref: `only-${seq}`, name: 'x' }],
          });
        }
        await waitFor('the last fact', async () =>
          (await points(shop)).some(([ref, , active]) => ref === 'last' && active === true),
        );
        expect(await look(shop)).toMatchObject({ status: 'verified', health: 'up' });
        expect((await points(shop)).filter(([, , active]) => active === true)).toEqual([['last', 'Last', true]]);
      }),
      { numRuns: 8 },
    );
  });

  it('in a form that breaks the contract becomes a dead letter and does not stop its neighbours', async () => {
    const shop = await house.onboard();
    house.tell({
      id: house.ids.next('msg'),
      type: 'connection.state',
      schema: 1,
      source: 'spec',
      subject: shop.connection,
      time: new Date().toISOString(),
      tenant: null,
      mode: 'test',
      topic: 'events',
      key: shop.connection,
      body: { subject_id: shop.connection, seq: 'two' },
    });
    await tell(shop, { seq: 2, health: 'down' });
    await waitFor('the new health', async () => (await look(shop))['health'] === 'down');
    expect(await house.rows('SELECT consumer, reason FROM dead_letter')).toMatchObject([
      { consumer: 'gateway', reason: expect.stringContaining('connection.state') },
    ]);
  });
});
