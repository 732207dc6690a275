import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PaymentStatus } from '@tolem/domain';
import { KASPI_CODES } from '../src/answers/codes.ts';
import { IMPATIENT, KaspiHouse } from './kaspi-house.ts';
import { BIN } from './running-bank.ts';
import type { Connection } from './stand-in-gateway.ts';

interface Scenario {
  readonly name: string;
  readonly call: 'qr/create' | 'qr/create-link' | 'payment/status';
  readonly fault: string;
  readonly times: number;
  readonly phases: readonly PaymentStatus[];
  readonly failure?: string;
}

/** After these nobody can say whether the bank made a code; some come before it acted, some after. */
const LOSING = [
  'lost_before',
  'lost_after',
  'silence',
  'cut',
  'garbage',
  'empty',
  'html',
  'http_400',
  'http_401',
  'http_500',
  'http_503',
  'status_code:-999',
  'status_code:-99000006',
  'delay:3000',
];
/** These look odd and mean what they say. */
const ODD = ['drip', 'delay:150', 'no_message'];

const PAID: readonly PaymentStatus[] = ['requires_customer', 'succeeded'];

const refusals = KASPI_CODES.filter(({ class: kind }) => kind !== 'success' && kind !== 'temporary');

/** A link is as lost as a code: nobody was sent it. */
const LINKS: readonly Scenario[] = ['lost_before', 'lost_after', 'status_code:-999'].flatMap((fault) => [
  {
    name: `qr/create-link once under ${fault} is paid, once`,
    call: 'qr/create-link' as const,
    ...{ fault, times: 1, phases: PAID },
  },
  {
    name: `qr/create-link twice under ${fault} fails, and nobody can pay what it may have made`,
    call: 'qr/create-link' as const,
    ...{ fault, times: 2, phases: ['failed'] as const },
    failure: fault === 'status_code:-999' ? 'service_unavailable' : 'provider_unavailable',
  },
]);

const SCENARIOS: readonly Scenario[] = [
  ...LINKS,
  ...[...LOSING, ...ODD, 'camel_case_options', 'full_dates', 'short_dates', 'naive_dates', 'one_digit_day'].map(
    (fault) => ({
      name: `qr/create once under ${fault} is paid, once`,
      call: 'qr/create' as const,
      fault,
      times: 1,
      phases: PAID,
    }),
  ),
  ...LOSING.map((fault) => ({
    name: `qr/create twice under ${fault} fails, and nobody can pay what it may have made`,
    call: 'qr/create' as const,
    fault,
    times: 2,
    phases: ['failed'] as const,
    failure:
      { 'status_code:-999': 'service_unavailable', 'status_code:-99000006': 'refund_error' }[fault] ??
      'provider_unavailable',
  })),
  ...refusals
    .filter((code) => !code.registerDeviceAgain)
    .map((code) => ({
      name: `qr/create refused with ${code.statusCode} fails at once`,
      call: 'qr/create' as const,
      fault: `status_code:${code.statusCode}`,
      times: 1,
      phases: ['failed'] as const,
      failure: code.apiCode,
    })),
];

const UNHEARD: readonly Scenario[] = [
  ...[...LOSING, 'unknown_status'].map((fault) => ({
    name: `three status questions under ${fault} end nothing`,
    call: 'payment/status' as const,
    fault,
    times: 3,
    phases: PAID,
  })),
  ...ODD.map((fault) => ({
    name: `answers to status questions under ${fault} are read`,
    call: 'payment/status' as const,
    fault,
    times: 2,
    phases: PAID,
  })),
  ...refusals.map((code) => ({
    name: `two status questions answered with ${code.statusCode} end nothing`,
    call: 'payment/status' as const,
    fault: `status_code:${code.statusCode}`,
    times: 2,
    phases: PAID,
  })),
];

/** Each scenario has a sum of its own, by which its fault finds its payment; all run at once. */
describe.each([
  ['while the code is being made', SCENARIOS],
  ['while the buyer pays', UNHEARD],
])('the bank in trouble %s', (_when, scenarios) => {
  let house: KaspiHouse;
  const payments = new Map<Scenario, string>();
  const amountOf = (scenario: Scenario): number => (5_000 + scenarios.indexOf(scenario)) * 100;
  const paymentOf = (scenario: Scenario): string => payments.get(scenario) ?? '';

  beforeAll(async () => {
    house = await KaspiHouse.open({ environment: IMPATIENT });
    // Slow enough that the bank is asked three times at least before the money is there, on a busy machine too.
    await house.bank.autopilot({ scan_ms: 1_500, confirm_ms: 12_000 });
    const shop: Connection = await house.connect(BIN);
    for (const scenario of scenarios) {
      const amountMinor = amountOf(scenario);
      const { call, fault, times } = scenario;
      await house.bank.fault(call, fault, { times, match: { amount: amountMinor / 100 } });
      // A generous time for starts: two cores carry all of them at once.
      const method = call === 'qr/create-link' ? 'kaspi_link' : 'kaspi_qr';
      payments.set(scenario, house.pay(shop, { method, amountMinor, startBy: house.clock.now() + 600_000 }));
    }
    await house.ended(...payments.values());
  }, 240_000);
  afterAll(() => house.close());

  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
    const payment = paymentOf(scenario);
    expect(house.phases(payment)).toEqual(scenario.phases);
    const paid = house.bank.purchasesOf(payment).filter((row) => row.status === 'Processed');
    if (scenario.failure === undefined) {
      expect(paid).toMatchObject([{ id: house.state(payment)?.provider_ref, amount: amountOf(scenario) }]);
    } else {
      expect(paid).toEqual([]);
      expect(house.state(payment)).toMatchObject({ provider_ref: null, failure: { code: scenario.failure } });
    }
  });

  it('the bank is never asked before its interval is over, and nothing alarms anybody', async () => {
    expect(await house.bank.questionsTooEarly()).toBe(0);
    expect(house.alarms()).toEqual([]);
  });

  it('every fault has happened', async () => {
    expect(await house.bank.faultsLeft()).toEqual([]);
  });

  it('the bank’s books equal ours', () => {
    const { bankMinor, oursMinor, paidTwice } = house.books();
    const succeeded = scenarios.filter((scenario) => scenario.failure === undefined).map(amountOf);
    expect(oursMinor).toBe(succeeded.reduce((total, amount) => total + amount, 0));
    expect(bankMinor).toBe(oursMinor);
    expect(paidTwice).toEqual([]);
  });
});

const FOR_EVER = ['http_503', 'garbage', 'status_code:-1601', 'status_code:-77777', 'lost_after', 'unknown_status'];

describe('a bank that says nothing of use until all timers are over', () => {
  let house: KaspiHouse;
  const payments = new Map<string, string>();
  const paymentOf = (fault: string): string => payments.get(fault) ?? '';

  beforeAll(async () => {
    house = await KaspiHouse.open({ environment: { ...IMPATIENT, TOLEM_KASPI_GRACE_MS: '500' } });
    const shop = await house.connect(BIN);
    await house.bank.autopilot(null);
    for (const [index, fault] of FOR_EVER.entries()) {
      await house.bank.fault('payment/status', fault, { times: null, match: { amount: 7_000 + index } });
      payments.set(fault, house.pay(shop, { amountMinor: (7_000 + index) * 100 }));
    }
    // Every buyer pays, and nobody hears of it.
    for (const payment of payments.values()) {
      const { provider_ref: ref } = await house.reached(payment, 'requires_customer');
      await house.bank.buyer(ref ?? '', 'scan');
      await house.bank.buyer(ref ?? '', 'confirm');
    }
    for (const payment of payments.values()) {
      await house.until('the time to be over', () => house.states(payment).length > 1);
    }
  }, 240_000);
  afterAll(() => house.close());

  it.each(FOR_EVER.filter((fault) => fault !== 'unknown_status'))('%s leaves the payment unknown', (fault) => {
    expect(house.phases(paymentOf(fault))).toEqual(['requires_customer', 'unknown']);
    expect(house.bank.purchasesOf(paymentOf(fault))[0]?.status).toBe('Processed');
  });

  it('a word that nobody knows is taken neither for the money nor for a refusal', () => {
    const [, end] = house.phases(paymentOf('unknown_status'));
    expect(['expired', 'unknown']).toContain(end);
    expect(house.state(paymentOf('unknown_status'))).toMatchObject({ failure: null, evidence: 'inferred' });
  });

  it('each is told as paid when the bank can be heard again, and the books are equal', async () => {
    await house.bank.clearFaults();
    for (const payment of payments.values()) await house.reached(payment, 'succeeded');
    const { bankMinor, oursMinor, paidTwice } = house.books();
    expect([oursMinor, paidTwice]).toEqual([bankMinor, []]);
  });
});
