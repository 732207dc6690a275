import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KaspiHouse } from './kaspi-house.ts';
import { BIN, OTHER_BIN } from './running-bank.ts';
import { type ScriptedBank, type ScriptedRequest, startScriptedBank } from './scripted-bank.ts';
import type { Connection } from './stand-in-gateway.ts';

const BEYOND_DOUBLE = '9007199254740993';
const OPTIONS = '{"StatusPollingInterval":1,"QrCodeScanWaitTimeout":30,"PaymentConfirmationTimeout":15}';
const qr = (id: string, token = '1'.repeat(41)): string =>
  `{"StatusCode":0,"Data":{"QrToken":"${token}","QrPaymentId":${id},"QrPaymentBehaviorOptions":${OPTIONS}}}`;
const status = (data: string): string => `{"StatusCode":0,"Message":"OK","Data":${data}}`;

/** What `qr/create` answers, by the sum in tenge. */
const CREATED: Readonly<Record<string, string>> = {
  11: qr('1011'),
  12: qr('1012'),
  13: qr('1012'),
  14: qr('1014', '1'.repeat(501)),
  15: qr(BEYOND_DOUBLE),
  16: qr('1016'),
  17: qr('0'),
  18: '{"StatusCode":0,"Message":"OK"}',
};
/** What `payment/status` answers, by the bank's id and in turns; the last one stays. */
const STATUSES: Readonly<Record<string, readonly string[]>> = {
  '1011': [status('{"Status":"Processed","Amount":"12.00"}')],
  '1012': [status('{"Status":"Processed","Amount":12.00}')],
  [BEYOND_DOUBLE]: [status('{"Status":"Processed","Amount":"15 ₸"}')],
  '1016': [
    status('null'),
    status('[]'),
    status('{"Status":null}'),
    '{"Data":{"Status":"Processed"}}',
    '{"StatusCode":"0","Data":{"Status":"processed"}}',
    '{"statusCode":0,"data":{"status":"Processed","amount":"nonsense"}}',
  ],
};

describe('a bank that says what no bank should', () => {
  let house: KaspiHouse;
  let liar: ScriptedBank;
  let shop: Connection;
  let partner: string;
  let tradePoints = '[{"TradePointId":41,"TradePointName":"Магазин (Абая, 10)"}]';
  const asked = new Map<string, number>();

  function script({ path, body }: ScriptedRequest): { text: string } {
    if (path.includes('/partner/tradepoints/')) return { text: status(tradePoints) };
    if (path.endsWith('/device/register')) return { text: status('{"DeviceToken":"token"}') };
    if (path.endsWith('/qr/create')) return { text: CREATED[/"Amount":(\d+)/.exec(body)?.[1] ?? ''] ?? '{}' };
    const id = path.split('/').at(-1) ?? '';
    const turn = asked.get(id) ?? 0;
    asked.set(id, turn + 1);
    const answers = STATUSES[id] ?? [];
    return { text: answers[Math.min(turn, answers.length - 1)] ?? '{}' };
  }

  beforeAll(async () => {
    house = await KaspiHouse.open({ environment: { TOLEM_KASPI_STATUS_VERSION: 'v02' } });
    liar = await startScriptedBank(house.bank.sandbox.tls, script);
    partner = await house.certificate(house.bank.credential());
    shop = await connect(BIN);
  });
  afterAll(async () => {
    await house.close();
    await liar.close();
  });

  async function connect(bin: string): Promise<Connection> {
    const connection = house.newConnection(bin);
    house.put(connection, partner, 1, liar.url);
    house.verify(connection);
    await house.until('an answer', () => house.connection(connection));
    return connection;
  }

  const creates = (tenge: number): number =>
    liar.requests.filter(({ path, body }) => path.endsWith('/qr/create') && body.includes(`"Amount":${tenge},`)).length;

  async function paid(tenge: number): Promise<string> {
    const payment = house.pay(shop, { amountMinor: tenge * 100 });
    await house.until('two pieces of news', () => house.states(payment).length === 2);
    return payment;
  }

  it('another sum than the one that was asked is never taken for paid', async () => {
    const payment = await paid(11);
    expect(house.phases(payment)).toEqual(['requires_customer', 'unknown']);
    expect(house.state(payment)).toMatchObject({ amount: 1_100, failure: { code: 'amount_mismatch' } });
    expect(house.alarms().filter((line) => line.includes(payment))).toHaveLength(1);
  });

  it('the id of another payment is not shown and not paid with it', async () => {
    const first = await paid(12);
    expect(house.state(first)).toMatchObject({ phase: 'succeeded', provider_ref: '1012' });
    const second = house.pay(shop, { amountMinor: 1_300 });
    await house.ended(second);
    expect(house.phases(second)).toEqual(['failed']);
    expect(house.state(second)).toMatchObject({ provider_ref: null, next_action: null });
    expect(house.phases(first)).toEqual(['requires_customer', 'succeeded']);
  });

  it.each([
    [14, 'a QR text that no picture holds'],
    [17, 'an id that is none'],
    [18, 'a success without a purchase'],
  ])('%s tenge: %s is a lost answer: asked for once more, then failed', async (tenge) => {
    const payment = house.pay(shop, { amountMinor: tenge * 100 });
    await house.ended(payment);
    expect(house.phases(payment)).toEqual(['failed']);
    expect(house.state(payment)?.failure).toMatchObject({ code: 'provider_unavailable' });
    expect(creates(tenge)).toBe(2);
  });

  it('an id beyond 2^53 is kept and asked for to the last digit', async () => {
    const payment = await paid(15);
    expect(house.states(payment).map(({ phase, provider_ref: ref }) => [phase, ref])).toEqual([
      ['requires_customer', BEYOND_DOUBLE],
      ['succeeded', BEYOND_DOUBLE],
    ]);
    expect(liar.requests.map(({ path }) => path)).toContain(`/r3/v02/payment/status/${BEYOND_DOUBLE}`);
  });

  it('nonsense about a purchase ends nothing; the first readable answer decides', async () => {
    const payment = await paid(16);
    expect(house.phases(payment)).toEqual(['requires_customer', 'succeeded']);
    expect(asked.get('1016')).toBe(6);
  });

  it('a list of trade points beyond all bounds is not read by halves, and the connection says so', async () => {
    tradePoints = JSON.stringify(Array.from({ length: 5_001 }, (_row, index) => ({ TradePointId: index + 1 })));
    const other = await connect(OTHER_BIN);
    expect(house.connection(other)).toMatchObject({ health: 'down', trade_points: null });
  });
});
