import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RefundStatus } from '@tolem/domain';
import { type HoldingBank, startHoldingBank } from './holding-bank.ts';
import { KaspiHouse, type Sold } from './kaspi-house.ts';
import type { Connection } from './stand-in-gateway.ts';

/** What is lost is settled within seconds of the clock on the wall; what a desk holds is not lost meanwhile. */
const SOON = {
  TOLEM_KASPI_WRITE_TIMEOUT_MS: '30000',
  TOLEM_KASPI_RESOLVE_AFTER_MS: '1000',
  TOLEM_KASPI_UNCHANGED_OVER_MS: '1000',
};
const WHOLE = 1_490;

type Scheme = 'r2' | 'r3';
type Row = readonly [amount: number, by: 'api' | 'cashier_app'];

interface Scenario {
  readonly name: string;
  /** What becomes of our return; `held`: it has left and is at the bank after the cashier's. */
  readonly return: 'lost_before' | 'lost_after' | 'held';
  /** Tenge, of both. */
  readonly ours: number;
  readonly cashiers: number;
  readonly end: RefundStatus;
  readonly evidence: 'stated' | 'inferred';
  readonly cashierKey: string | null;
  readonly returns: readonly Row[];
}

/** Each has a sum of its own, by which its fault finds it. */
const SCENARIOS: readonly Scenario[] = [
  {
    name: 'our return never reached the bank and the cashier returns as much: it is back, and is not sent again',
    ...{ return: 'lost_before', ours: 501, cashiers: 501, end: 'succeeded', evidence: 'inferred', cashierKey: null },
    returns: [[501, 'cashier_app']],
  },
  {
    name: 'our return reached the bank and the cashier returns as much: twice is not once, so nobody can say',
    ...{ return: 'lost_after', ours: 502, cashiers: 502, end: 'unknown', evidence: 'inferred' },
    cashierKey: 'refund_unknown',
    returns: [
      [502, 'api'],
      [502, 'cashier_app'],
    ],
  },
  {
    name: 'our return reached the bank and the cashier returns another sum: nobody can say',
    ...{ return: 'lost_after', ours: 503, cashiers: 100, end: 'unknown', evidence: 'inferred' },
    cashierKey: 'refund_unknown',
    returns: [
      [503, 'api'],
      [100, 'cashier_app'],
    ],
  },
  {
    name: 'the cashier returns the whole after we have looked and before our return is there: ours is refused as too much',
    ...{ return: 'held', ours: 504, cashiers: WHOLE, end: 'failed', evidence: 'stated', cashierKey: 'refund_too_much' },
    returns: [[WHOLE, 'cashier_app']],
  },
  {
    name: 'the cashier returns a part after we have looked and leaves enough: both are back, ours on the bank’s word',
    ...{ return: 'held', ours: 505, cashiers: 505, end: 'succeeded', evidence: 'stated', cashierKey: null },
    returns: [
      [505, 'cashier_app'],
      [505, 'api'],
    ],
  },
];

describe.each<[Scheme, string]>([
  ['r3', 'without the buyer'],
  ['r2', 'with the buyer'],
])('%s: money that goes back %s while a cashier returns the same purchase in the bank’s app', (scheme) => {
  let house: KaspiHouse;
  let desk: HoldingBank;
  let refunds: readonly { readonly refund: string; readonly sold: Sold }[] = [];
  const at = (scenario: Scenario) => refunds[SCENARIOS.indexOf(scenario)] ?? { refund: '', sold: { id: '', ref: '' } };

  beforeAll(async () => {
    house = await KaspiHouse.open({ environment: SOON });
    desk = await startHoldingBank(house.bank, (path) => path.endsWith('/payment/return'), scheme);
    const straight = await house.connectUnder(scheme);
    const held = await house.connectUnder(scheme, desk.url);
    const shopOf = (scenario: Scenario): Connection => (scenario.return === 'held' ? held : straight);
    const sold = await Promise.all(SCENARIOS.map((scenario) => house.sold(shopOf(scenario))));
    for (const [index, scenario] of SCENARIOS.entries()) await lose(scenario, sold[index]?.ref ?? '');
    refunds = SCENARIOS.map((scenario, index) => {
      const purchase = sold[index] ?? { id: '', ref: '' };
      const options = { payment: purchase.id, amountMinor: scenario.ours * 100 };
      return { refund: house.refund(shopOf(scenario), options), sold: purchase };
    });
    if (scheme === 'r2') for (const { refund } of refunds) await scanned(refund);
    const toHold = SCENARIOS.filter((scenario) => scenario.return === 'held').length;
    await house.until('what is held to be there, and the rest to be lost', async () => {
      const left = await house.bank.faultsLeft();
      return desk.held === toHold && !left.includes('lost_before') && !left.includes('lost_after');
    });
    for (const scenario of SCENARIOS) await house.bank.cashierReturns(at(scenario).sold.ref, scenario.cashiers);
    desk.open();
    await house.bank.clearFaults();
    for (const scenario of SCENARIOS) await house.refundReached(at(scenario).refund, scenario.end);
  }, 240_000);
  afterAll(async () => {
    await house.close();
    await desk.close();
  });

  /** The answer to our return is lost, and the books show what there was before it and nothing more for now. */
  async function lose({ return: fault, ours }: Scenario, purchase: string): Promise<void> {
    if (fault === 'held') return;
    await house.until('the books to be compared after the sale', () => callsOf(purchase, 'payment/details') > 0);
    await house.bank.fault('payment/details', 'delay:1', { match: { id: purchase } });
    await house.bank.fault('payment/details', 'http_503', { times: null, match: { id: purchase } });
    await house.bank.fault('payment/return', fault, { match: { amount: ours } });
  }

  async function scanned(refund: string): Promise<void> {
    await house.refundReached(refund, 'requires_customer');
    await house.bank.scanRefund(house.bank.refundCodesOf(refund).at(-1)?.id ?? '');
  }

  const callsOf = (purchase: string, name: string): number =>
    house.bank.row(purchase)?.calls.filter(({ call }) => call === name).length ?? 0;

  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
    const { refund, sold } = at(scenario);
    const { end, evidence, cashierKey, returns } = scenario;
    const state = house.refundNow(refund);
    expect(state).toMatchObject({ phase: end, evidence, amount: scenario.ours * 100 });
    expect(state?.failure?.cashier_key ?? null).toBe(cashierKey);
    const rows = house.bank.returnsOf(sold.ref).map(({ amount, by }) => [amount / 100, by]);
    expect(rows).toEqual(returns);
    expect(callsOf(sold.ref, 'payment/return')).toBe(1);
  });

  it('one person was called for each that nobody can say anything about, and for nothing else', () => {
    const unclear = SCENARIOS.filter(({ end }) => end === 'unknown').map((scenario) => at(scenario).refund);
    const alarms = house.alarms();
    expect(alarms).toHaveLength(unclear.length);
    for (const refund of unclear) expect(alarms.filter((line) => line.includes(refund))).toHaveLength(1);
  });
});
