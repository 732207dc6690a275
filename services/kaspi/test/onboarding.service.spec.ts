import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { idFromUuid } from '@tolem/domain';
import { KASPI_CODES } from '../src/answers/codes.ts';
import { SERVICE_AWAY } from '../src/connections/admin-texts.ts';
import { KaspiHouse } from './kaspi-house.ts';
import { BIN, BIN_WITHOUT_TRADE_POINTS, NOT_REGISTERED_BIN, OTHER_BIN, THIRD_BIN } from './running-bank.ts';

/** Time passes this much faster where nothing is to be seen in between. */
const LEAP_MS = 2_000;
/** Sentences; letters that only Kazakh has; no letter that is not Latin. */
const IN_THREE_LANGUAGES = {
  ru: expect.stringMatching(/^[А-ЯЁ][^әғқңөұүһі]{20,}$/i),
  kk: expect.stringMatching(/^(?=.*[әғқңөұүһі])[А-ЯЁӘҒҚҢӨҰҮҺІ].{20,}$/i),
  en: expect.stringMatching(/^[A-Z][^а-яёәғқңөұүһі]{20,}$/i),
};

describe('connecting organizations to the bank', () => {
  let house: KaspiHouse;
  let partner: string;

  beforeAll(async () => {
    house = await KaspiHouse.open();
    partner = await house.certificate(house.bank.credential());
  });
  afterEach(() => house.bank.clearFaults());
  afterAll(() => house.close());

  const desk = (): string => idFromUuid('dsk', house.ids.uuid());

  it('a connection that the bank serves is up and brings its trade points', async () => {
    const shop = await house.connect(BIN, partner);
    const state = house.connection(shop);
    expect(state).toMatchObject({ health: 'up', reason: null, connection_version: 1 });
    expect(state?.trade_points).toHaveLength(3);
    for (const point of state?.trade_points ?? []) {
      expect(point.ref).toMatch(/^[1-9]\d*$/);
      expect(point.name).toMatch(/ \(.+\)$/);
    }
  });

  it.each([
    [NOT_REGISTERED_BIN, 'trade_point_not_found', '-99000002', 'Организация не зарегистрирована в Kaspi Pay'],
    [BIN_WITHOUT_TRADE_POINTS, 'no_trade_points', '-14000002', 'Отсутствуют торговые точки'],
  ])('%s is refused as %s with the bank’s code and words', async (bin, code, providerCode, words) => {
    const shop = house.newConnection(bin);
    house.put(shop, partner);
    house.verify(shop);
    const state = await house.until('an answer', () => house.connection(shop));
    expect(state).toMatchObject({
      health: 'refused',
      trade_points: null,
      reason: { code, provider_code: providerCode, provider_message: expect.stringContaining(words) },
    });
  });

  it.each(KASPI_CODES.filter((code) => code.class !== 'success'))(
    '$statusCode, $apiCode: the administrator reads the bank’s words and what to do in three languages',
    async ({ statusCode, apiCode, class: kind, adminText }) => {
      await house.bank.fault('partner/tradepoints', `status_code:${statusCode}`, {
        times: null,
        match: { bin: OTHER_BIN },
      });
      const shop = house.newConnection(OTHER_BIN);
      house.put(shop, partner);
      house.verify(shop);
      const state = await house.until('an answer', () => house.connection(shop));
      expect(state).toMatchObject({ health: kind === 'temporary' ? 'down' : 'refused', trade_points: null });
      // What an administrator does about a refund would mislead here.
      const isAboutRefunds = statusCode === '-99000006';
      expect(state.reason).toMatchObject({
        code: isAboutRefunds ? 'service_unavailable' : apiCode,
        provider_code: statusCode,
        provider_message: expect.stringMatching(/./),
        admin_text: IN_THREE_LANGUAGES,
      });
      expect(state.reason?.admin_text).toEqual(isAboutRefunds ? SERVICE_AWAY : adminText);
    },
  );

  it.each(['foreign', 'expired'] as const)('a %s certificate is refused as such when that lasts', async (name) => {
    const shop = house.newConnection(BIN);
    house.put(shop, await house.certificate(house.bank.credential(name)));
    house.verify(shop);
    const first = await house.until('an answer', () => house.connection(shop));
    expect(first).toMatchObject({ health: 'down', reason: { code: 'provider_unavailable' } });
    expect(first.reason?.admin_text?.en).toContain("check the connection's certificate");
    const state = await house.until('the certificate to be refused', () => {
      house.clock.advance(LEAP_MS);
      const now = house.connection(shop);
      return now?.health === 'refused' ? now : undefined;
    });
    expect(state).toMatchObject({
      health: 'refused',
      reason: { code: 'certificate_refused', cashier_key: 'desk_setup' },
    });
  });

  it('a question that arrives before the connection waits for it', async () => {
    const shop = house.newConnection(BIN);
    house.verify(shop);
    house.put(shop, partner);
    await house.until('the bank to serve it', () => house.connection(shop)?.health === 'up');
  });

  it('a bank that is away is down with its reason, and up again without anybody asking', async () => {
    const shop = house.newConnection(OTHER_BIN);
    await house.bank.fault('partner/tradepoints', 'http_503', { times: null, match: { bin: OTHER_BIN } });
    house.put(shop, partner);
    house.verify(shop);
    const down = await house.until('an answer', () => house.connection(shop));
    expect(down).toMatchObject({ health: 'down', reason: { code: 'provider_unavailable' } });
    await house.bank.clearFaults();
    await house.until('the bank to be back', () => {
      house.clock.advance(LEAP_MS);
      return house.connection(shop)?.health === 'up';
    });
  });

  it('newer settings are used by the next question, older ones that come later are not', async () => {
    const shop = await house.connect(THIRD_BIN, partner);
    house.put(shop, await house.certificate(house.bank.credential('foreign')), 2);
    house.put(shop, partner, 1);
    house.verify(shop, 2);
    await house.until('an answer to version 2', () => house.connection(shop)?.connection_version === 2);
    expect(house.connection(shop)?.health).toBe('down');
    house.put(shop, partner, 3);
    house.verify(shop, 3);
    await house.until('version 3 to be served', () => house.connection(shop)?.connection_version === 3);
    expect(house.connection(shop)?.health).toBe('up');
  });

  it('one certificate serves three organizations at once, each with its own BIN and its own devices', async () => {
    const shops = await Promise.all([BIN, OTHER_BIN, THIRD_BIN].map((bin) => house.connect(bin, partner)));
    const desks = shops.map(() => desk());
    const payments = [0, 1, 2, 3].flatMap((round) =>
      shops.map((shop, index) => ({
        shop,
        id: house.pay(shop, {
          desk: desks[index] ?? '',
          tradePoint: round % 3,
          amountMinor: 100_00 + round * 100 + index,
        }),
      })),
    );
    await house.ended(...payments.map(({ id }) => id));
    for (const { shop, id } of payments) {
      expect(house.phases(id)).toEqual(['requires_customer', 'succeeded']);
      expect(house.bank.purchasesOf(id)).toMatchObject([{ tax_id: shop.bin, amount: house.state(id)?.amount }]);
    }
    const { bankMinor, oursMinor } = house.books();
    expect(bankMinor).toBe(oursMinor);
  });

  it('a device can be registered ahead, is used by the first payment, and is deleted for good', async () => {
    const shop = await house.connect(BIN, partner);
    const till = desk();
    house.registerDevice(shop, till);
    await house.until('the device', () => house.deviceState(till)?.status === 'registered');
    // Any further registration would fail now.
    await house.bank.fault('device/register', 'status_code:-1503', { times: null });
    const first = house.pay(shop, { desk: till });
    await house.ended(first);
    expect(house.state(first)?.phase).toBe('succeeded');
    house.deleteDevice(shop, till);
    await house.until('its end', () => house.deviceState(till)?.status === 'deleted');
    const second = house.pay(shop, { desk: till });
    await house.ended(second);
    expect(house.state(second)).toMatchObject({
      phase: 'failed',
      failure: { code: 'device_in_another_trade_point', provider_code: '-1503', cashier_key: 'desk_setup' },
    });
  });

  it('a device that the bank refuses fails with the bank’s code', async () => {
    const shop = await house.connect(BIN, partner);
    await house.bank.fault('device/register', 'status_code:-99000002');
    const till = desk();
    house.registerDevice(shop, till);
    const state = await house.until('an answer', () => house.deviceState(till));
    expect(state).toMatchObject({
      status: 'failed',
      failure: { code: 'trade_point_not_found', provider_code: '-99000002' },
    });
  });
});
