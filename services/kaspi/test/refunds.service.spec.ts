import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { RefundStatus } from '@tolem/domain';
import { KaspiHouse, type Sold } from './kaspi-house.ts';
import { BIN } from './running-bank.ts';
import type { Connection } from './stand-in-gateway.ts';

/** A lost answer is settled within seconds of the clock on the wall: the database's time cannot be moved. */
const SOON = {
  TOLEM_KASPI_WRITE_TIMEOUT_MS: '800',
  TOLEM_KASPI_RESOLVE_AFTER_MS: '1000',
  TOLEM_KASPI_UNCHANGED_OVER_MS: '1000',
};
const FULL_MINOR = 900_000_00;

/** Codes of the appendix that say nothing of the money, those that only other methods list, and one that nobody does. */
const DOUBT =
  '-999 -99000006 -10000 -1503 -14000002 990000026 990000028 990000033 -1401 -1404 99000010 990000029 990000031 990000032 -77777';
/** After these nobody can say whether the money went back. */
const NOT_ACTED = [
  'lost_before',
  'html',
  'http_400',
  'http_401',
  'http_500',
  'http_503',
  ...DOUBT.split(' ').map((code) => `status_code:${code}`),
];
const ACTED = ['lost_after', 'cut', 'silence', 'garbage', 'empty', 'delay:2000'];
const REFUSALS: readonly (readonly [code: string, failure: string, cashierKey: string])[] = [
  ['-1601', 'purchase_not_found', 'refund_not_possible'],
  ['-99000001', 'purchase_not_found', 'refund_not_possible'],
  ['-99000002', 'trade_point_not_found', 'desk_setup'],
  ['-99000003', 'purchase_of_another_trade_point', 'refund_other_trade_point'],
  ['-99000005', 'refund_exceeds_purchase', 'refund_too_much'],
  ['-99000011', 'purchase_not_refundable', 'refund_not_possible'],
  ['-99000020', 'partial_refund_impossible', 'refund_only_whole'],
  ['990000018', 'trade_point_disabled', 'desk_setup'],
];

interface Scenario {
  readonly name: string;
  readonly fault: string;
  readonly times: number;
  readonly end: RefundStatus;
  readonly evidence: 'stated' | 'inferred';
  readonly failure?: readonly [code: string, cashierKey: string];
}

const SCENARIOS: readonly Scenario[] = [
  ...ACTED.map((fault) => ({
    name: `under ${fault} is found in the bank’s books`,
    ...{ fault, times: 1, end: 'succeeded' as const, evidence: 'inferred' as const },
  })),
  ...NOT_ACTED.map((fault) => ({
    name: `under ${fault} is proven to be nothing and sent once more`,
    ...{ fault, times: 1, end: 'succeeded' as const, evidence: 'stated' as const },
  })),
  ...['-1501', '-1502'].map((code) => ({
    name: `refused with ${code} goes on with the device registered again`,
    ...{ fault: `status_code:${code}`, times: 1, end: 'succeeded' as const, evidence: 'stated' as const },
  })),
  ...REFUSALS.map(([code, failure, cashierKey]) => ({
    name: `refused with ${code} fails at once and tells the cashier why`,
    ...{ fault: `status_code:${code}`, times: 1, end: 'failed' as const, evidence: 'stated' as const },
    failure: [failure, cashierKey] as const,
  })),
];

describe('a return of money whose answer is no plain yes', () => {
  let house: KaspiHouse;
  const refunds = new Map<Scenario, { readonly refund: string; readonly sold: Sold }>();
  const amountOf = (scenario: Scenario): number => (3_000 + SCENARIOS.indexOf(scenario)) * 100;
  const of = (scenario: Scenario) => refunds.get(scenario) ?? { refund: '', sold: { id: '', ref: '' } };

  beforeAll(async () => {
    house = await KaspiHouse.open({ environment: SOON });
    const shop = await house.connect(BIN);
    const sold = await house.soldAll(
      shop,
      SCENARIOS.map(() => ({ amountMinor: FULL_MINOR })),
    );
    for (const [index, scenario] of SCENARIOS.entries()) {
      const amountMinor = amountOf(scenario);
      const { fault, times } = scenario;
      await house.bank.fault('payment/return', fault, { times, match: { amount: amountMinor / 100 } });
      const purchase = sold[index] ?? { id: '', ref: '' };
      const refund = house.refund(shop, { payment: purchase.id, amountMinor });
      refunds.set(scenario, { refund, sold: purchase });
    }
    for (const scenario of SCENARIOS) await house.refundReached(of(scenario).refund, scenario.end);
  }, 120_000);
  afterAll(() => house.close());

  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
    const { refund, sold } = of(scenario);
    const state = house.refundNow(refund);
    const returns = house.bank.returnsOf(sold.ref);
    expect(state).toMatchObject({ phase: scenario.end, purchase_ref: sold.ref, amount: amountOf(scenario) });
    expect(state?.evidence).toBe(scenario.evidence);
    if (scenario.end === 'succeeded') {
      expect(returns).toMatchObject([{ amount: amountOf(scenario), by: 'api' }]);
      // Reading tells that money went back, and not under which id.
      expect(state?.provider_ref).toBe(scenario.evidence === 'stated' ? returns[0]?.id : null);
    } else {
      expect(returns).toEqual([]);
      if (scenario.failure === undefined) return;
      const [code, cashierKey] = scenario.failure;
      expect(state?.failure).toMatchObject({ code, cashier_key: cashierKey });
    }
  });

  it('every fault has happened, and nobody was woken', async () => {
    expect(await house.bank.faultsLeft()).toEqual([]);
    expect(house.alarms()).toEqual([]);
  });
});

describe('refunds without the buyer', () => {
  let house: KaspiHouse;
  let shop: Connection;

  beforeAll(async () => {
    house = await KaspiHouse.open({ environment: SOON });
    shop = await house.connect(BIN);
  }, 240_000);
  afterEach(() => house.bank.clearFaults());
  afterAll(() => house.close());

  const returned = (sold: Sold): number[] => house.bank.returnsOf(sold.ref).map(({ amount }) => amount);
  /** The bank's books show what is left before a return, and nothing after it until the faults are cleared. */
  const closeBooksAfterNext = async (sold: Sold): Promise<void> => {
    const compared = (): boolean =>
      house.bank.row(sold.ref)?.calls.some(({ call }) => call === 'payment/details') ?? false;
    await house.until('the books to be compared after the sale', compared);
    await house.bank.fault('payment/details', 'delay:1', { match: { id: sold.ref } });
    await house.bank.fault('payment/details', 'http_503', { times: null, match: { id: sold.ref } });
  };
  const refused = async (sold: Sold, amountMinor: number, options: object = {}): Promise<unknown> => {
    const refund = house.refund(shop, { payment: sold.id, amountMinor, ...options });
    return (await house.refundReached(refund, 'failed')).failure;
  };

  it('go back in parts until nothing is left, and not a tiyn more', async () => {
    const sold = await house.sold(shop, { amountMinor: 149_050 });
    for (const amountMinor of [49_050, 60_000, 40_000]) {
      const refund = house.refund(shop, { payment: sold.id, amountMinor });
      const state = await house.refundReached(refund, 'succeeded');
      expect(state).toMatchObject({ amount: amountMinor, purchase_ref: sold.ref, evidence: 'stated', failure: null });
      expect(house.refundPhases(refund)).toEqual(['succeeded']);
    }
    expect(await refused(sold, 1)).toMatchObject({ code: 'refund_too_much', cashier_key: 'refund_too_much' });
    expect(returned(sold)).toEqual([49_050, 60_000, 40_000]);
  });

  it('several at once of one payment go one after another, and none beyond what is left', async () => {
    const sold = await house.sold(shop, { amountMinor: 100_000 });
    const refunds = [40_000, 40_000, 40_000].map((amountMinor) =>
      house.refund(shop, { payment: sold.id, amountMinor }),
    );
    await house.until('all to end', () => refunds.every((one) => (house.refundNow(one)?.seq ?? 0) > 0));
    const phases = refunds.map((one) => house.refundNow(one)?.phase).sort();
    expect(phases).toEqual(['failed', 'succeeded', 'succeeded']);
    expect(returned(sold)).toEqual([40_000, 40_000]);
  });

  it('a start that comes three times returns once and is answered each time', async () => {
    const sold = await house.sold(shop);
    const refund = house.ids.next('ref');
    const options = { payment: sold.id, amountMinor: 149_000 };
    for (let time = 0; time < 3; time += 1) house.refundAgain(shop, refund, options);
    await house.refundReached(refund, 'succeeded');
    const told = house.events.length;
    house.refundAgain(shop, refund, options);
    await house.until('the news once more', () => house.events.slice(told).some((event) => event.subject === refund));
    expect(returned(sold)).toEqual([149_000]);
  });

  it('a cancel that overtakes its start keeps it from the bank; one that comes later changes nothing', async () => {
    const sold = await house.sold(shop);
    const never = house.ids.next('ref');
    house.cancelRefund(shop, never);
    await house.refundReached(never, 'canceled');
    house.refundAgain(shop, never, { payment: sold.id, amountMinor: 10_000 });
    const done = house.refund(shop, { payment: sold.id, amountMinor: 20_000 });
    await house.refundReached(done, 'succeeded');
    const told = house.events.length;
    house.cancelRefund(shop, done);
    await house.until('an answer to the cancel', () =>
      house.events.slice(told).some(({ subject }) => subject === done),
    );
    expect([house.refundPhases(never), house.refundPhases(done)]).toEqual([['canceled'], ['succeeded']]);
    expect(returned(sold)).toEqual([20_000]);
  });

  it('name the trade point of the purchase: through a device of another one the bank refuses', async () => {
    const sold = await house.sold(shop, { tradePoint: 1 });
    const desk = `dsk_${house.ids.next('ref').slice(4)}`;
    expect(await refused(sold, 149_000, { desk })).toMatchObject({
      code: 'purchase_of_another_trade_point',
      cashier_key: 'refund_other_trade_point',
    });
    const right = house.refund(shop, { payment: sold.id, amountMinor: 149_000, desk, tradePoint: 1 });
    await house.refundReached(right, 'succeeded');
    expect(returned(sold)).toEqual([149_000]);
  });

  it('where a part is impossible the cashier is told so, and the whole goes back', async () => {
    const sold = await house.sold(shop);
    await house.bank.forbidParts(sold.ref);
    expect(await refused(sold, 9_000)).toMatchObject({ cashier_key: 'refund_only_whole', provider_code: '-99000020' });
    await house.refundReached(house.refund(shop, { payment: sold.id, amountMinor: 149_000 }), 'succeeded');
    expect(returned(sold)).toEqual([149_000]);
  });

  it('a purchase that the bank does not know is refused without a call that moves money', async () => {
    const sold = await house.sold(shop);
    expect(await refused(sold, 9_000, { purchaseRef: '1' })).toMatchObject({
      provider_code: '-1601',
      cashier_key: 'refund_not_possible',
    });
    expect(returned(sold)).toEqual([]);
  });

  it('one in doubt holds back the next of its payment until the books have shown it', async () => {
    const sold = await house.sold(shop, { amountMinor: 100_000 });
    await house.bank.fault('payment/return', 'lost_after', { match: { amount: 600 } });
    const first = house.refund(shop, { payment: sold.id, amountMinor: 60_000 });
    await house.until('the bank to act', () => returned(sold).length > 0);
    const second = house.refund(shop, { payment: sold.id, amountMinor: 40_000 });
    await house.refundReached(second, 'succeeded');
    expect(house.refundNow(first)).toMatchObject({ phase: 'succeeded', evidence: 'inferred' });
    expect(returned(sold)).toEqual([60_000, 40_000]);
  });

  it('one in doubt is found out by the service that starts after its death', async () => {
    const sold = await house.sold(shop);
    await closeBooksAfterNext(sold);
    await house.bank.fault('payment/return', 'lost_after', { match: { amount: 710 } });
    const refund = house.refund(shop, { payment: sold.id, amountMinor: 71_000 });
    await house.until('the bank to act', () => returned(sold).length > 0);
    await house.stop();
    expect(house.refundPhases(refund)).not.toContain('succeeded');
    await house.bank.clearFaults();
    await house.start();
    expect(await house.refundReached(refund, 'succeeded')).toMatchObject({ evidence: 'inferred' });
    expect(returned(sold)).toEqual([71_000]);
  });

  describe.each([
    ['that reached the bank', 'lost_after', 2],
    ['that never reached the bank', 'lost_before', 1],
  ])('a lost return %s while a cashier returns in the bank’s app', (_what, fault, returns) => {
    it('another sum: nobody can say, so it is unknown, stays so, and nothing is sent again', async () => {
      const sold = await house.sold(shop);
      await closeBooksAfterNext(sold);
      await house.bank.fault('payment/return', fault, { match: { amount: 500 } });
      const refund = house.refund(shop, { payment: sold.id, amountMinor: 50_000 });
      await house.until('the loss', async () => !(await house.bank.faultsLeft()).includes(fault));
      await house.bank.cashierReturns(sold.ref, 123);
      await house.bank.clearFaults();
      const state = await house.refundReached(refund, 'unknown');
      expect(state).toMatchObject({ evidence: 'inferred', failure: { cashier_key: 'refund_unknown' } });
      expect(returned(sold)).toHaveLength(returns);
      const next = house.refund(shop, { payment: sold.id, amountMinor: 1_000 });
      const other = await house.sold(shop);
      await house.refundReached(house.refund(shop, { payment: other.id, amountMinor: 1_000 }), 'succeeded');
      expect([house.refundPhases(refund), house.refundPhases(next)]).toEqual([['unknown'], []]);
      expect(returned(sold)).toHaveLength(returns);
      // It has not left, so it can still be given up.
      house.cancelRefund(shop, next);
      await house.refundReached(next, 'canceled');
    });
  });

  it('the bank’s books equal ours: what it gave back for us is told as gone, or is in doubt', () => {
    const ids = new Set(house.events.filter(({ type }) => type === 'refund.state').map(({ subject }) => subject));
    const states = [...ids].map((id) => house.refundNow(id));
    const sum = (amounts: readonly (number | null | undefined)[]): number =>
      amounts.reduce<number>((total, amount) => total + (amount ?? 0), 0);
    const ours = sum(states.filter((one) => one?.phase === 'succeeded').map((one) => one?.amount));
    const doubtful = new Set(states.filter((one) => one?.phase === 'unknown').map((one) => one?.purchase_ref));
    const theirs = house.bank.sandbox
      .ledger()
      .filter((row) => row.kind === 'refund' && row.by === 'api' && !doubtful.has(row.payment_id));
    expect(ours).toBeGreaterThan(0);
    expect(sum(theirs.map(({ amount }) => amount))).toBe(ours);
  });
});

describe('a return that is proven to be nothing, where configuration allows no repeat', () => {
  let house: KaspiHouse;

  beforeAll(async () => {
    house = await KaspiHouse.open({ environment: { ...SOON, TOLEM_KASPI_REPEAT_REFUNDS: 'false' } });
  }, 240_000);
  afterAll(() => house.close());

  it('fails and is not sent again; the cashier may', async () => {
    const shop = await house.connect(BIN);
    const sold = await house.sold(shop);
    await house.bank.fault('payment/return', 'lost_before', { match: { amount: 500 } });
    const refund = house.refund(shop, { payment: sold.id, amountMinor: 50_000 });
    expect((await house.refundReached(refund, 'failed')).failure).toMatchObject({ cashier_key: 'refund_failed' });
    expect(house.bank.returnsOf(sold.ref)).toEqual([]);
    await house.refundReached(house.refund(shop, { payment: sold.id, amountMinor: 50_000 }), 'succeeded');
    expect(house.bank.returnsOf(sold.ref)).toMatchObject([{ amount: 50_000 }]);
  });
});
