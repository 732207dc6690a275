import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IMPATIENT, KaspiHouse } from './kaspi-house.ts';
import { BIN } from './running-bank.ts';

const SCRIPTS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
type Script = (typeof SCRIPTS)[number];
const amountOf = (script: Script): number => (1_000_000 + script) * 100;

/** How each payment must end; 4 and 5 pass through another state before that. */
const END: Record<Script, string> = {
  1: 'declined',
  2: 'expired',
  3: 'expired',
  4: 'succeeded',
  5: 'succeeded',
  6: 'failed',
  7: 'succeeded',
  8: 'succeeded',
  9: 'succeeded',
};

describe('amounts with a script, all at once, with the bank’s own timers', () => {
  let house: KaspiHouse;
  let pay: (script: Script) => string;

  beforeAll(async () => {
    house = await KaspiHouse.open({ environment: IMPATIENT });
    const shop = await house.connect(BIN);
    const payments = new Map(SCRIPTS.map((script) => [script, house.pay(shop, { amountMinor: amountOf(script) })]));
    pay = (script) => payments.get(script) ?? '';
    for (const script of SCRIPTS) {
      await house.until(`amount ${script} to be ${END[script]}`, () => house.state(pay(script))?.phase === END[script]);
    }
  }, 75_000);
  afterAll(() => house.close());

  it('1 000 001 is declined with the bank’s own word', () => {
    expect(house.phases(pay(1))).toEqual(['requires_customer', 'declined']);
    expect(house.state(pay(1))).toMatchObject({ failure: { code: 'declined', provider_code: 'Error' } });
  });

  it('1 000 002 expires because nobody scanned', () => {
    expect(house.phases(pay(2))).toEqual(['requires_customer', 'expired']);
    expect(house.state(pay(2))).toMatchObject({ failure: null, next_action: null });
    expect(house.progress(pay(2))).toEqual([]);
  });

  it('1 000 003 expires by the second timer, which begins with the scan', () => {
    expect(house.phases(pay(3))).toEqual(['requires_customer', 'expired']);
    expect(house.progress(pay(3))).toHaveLength(1);
  });

  it('1 000 004 expires here and is corrected when the money arrives after all', () => {
    expect(house.phases(pay(4))).toEqual(['requires_customer', 'expired', 'succeeded']);
  });

  it('1 000 005 is unknown while the bank is silent, and final when it speaks', () => {
    expect(house.phases(pay(5))).toEqual(['requires_customer', 'unknown', 'succeeded']);
  });

  it('1 000 006 fails with the bank’s code and makes no purchase', () => {
    expect(house.phases(pay(6))).toEqual(['failed']);
    expect(house.state(pay(6))?.failure).toMatchObject({
      code: 'no_payment_methods',
      provider_code: '990000033',
      provider_message: 'Нет доступных методов оплаты',
      cashier_key: 'no_payment_methods',
    });
    expect(house.bank.purchasesOf(pay(6))).toEqual([]);
  });

  it('1 000 007, lost before the bank acted, is created again and paid', () => {
    expect(house.phases(pay(7))).toEqual(['requires_customer', 'succeeded']);
    expect(house.bank.purchasesOf(pay(7)).map((row) => row.status)).toEqual(['Processed']);
  });

  it('1 000 008, lost after the bank acted, is created again and paid once: the unseen code dies', () => {
    expect(house.phases(pay(8))).toEqual(['requires_customer', 'succeeded']);
    const [unseen, shown, ...more] = house.bank.purchasesOf(pay(8));
    expect([unseen?.status, shown?.status, more]).toEqual(['Error', 'Processed', []]);
    expect(house.state(pay(8))?.provider_ref).toBe(shown?.id);
  });

  it('1 000 009 stays open through a status that nobody knows', () => {
    expect(house.phases(pay(9))).toEqual(['requires_customer', 'succeeded']);
    const said = house.bank.purchasesOf(pay(9))[0]?.calls.map((call) => call.status);
    expect(said?.filter((status) => status === 'PaymentInLimbo')).toHaveLength(3);
  });

  it('the bank’s books equal ours', () => {
    const { bankMinor, oursMinor, paidTwice } = house.books();
    const succeeded = SCRIPTS.filter((script) => END[script] === 'succeeded').map(amountOf);
    expect(oursMinor).toBe(succeeded.reduce((total, amount) => total + amount, 0));
    expect(bankMinor).toBe(oursMinor);
    expect(paidTwice).toEqual([]);
  });

  it('the bank is never asked sooner than its interval allows, not even for the last word, and nothing alarms anybody', async () => {
    expect(await house.bank.questionsTooEarly()).toBe(0);
    expect(house.alarms()).toEqual([]);
  });

  it('every snapshot names the right sum, and its numbers leave no gap', () => {
    for (const script of SCRIPTS) {
      const states = house.states(pay(script));
      expect(states.map((state) => state.seq)).toEqual(states.map((_state, index) => index + 1));
      expect(new Set(states.map((state) => state.amount))).toEqual(new Set([amountOf(script)]));
    }
  });
});
