import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { LedgerRow } from '@tolem/sandbox';
import { KaspiHouse } from './kaspi-house.ts';
import { BIN } from './running-bank.ts';
import { type Connection, deskOf } from './stand-in-gateway.ts';

const HOUR_MS = 3_600_000;
const LIFE_MS = 24 * HOUR_MS;
const PHONE = '77015550123';
const STRANGER = '77015550000';

describe('invoices to a phone', () => {
  let house: KaspiHouse;
  let shop: Connection;
  let amounts = 200_000;

  beforeAll(async () => {
    house = await KaspiHouse.open({ bank: { invoiceLifeMs: LIFE_MS } });
    await house.bank.punishTimers(3);
    shop = await house.connect(BIN);
  }, 240_000);
  afterEach(() => house.bank.clearFaults());
  afterAll(() => house.close());

  /** A sum of its own, by which its invoices are found at the bank. */
  const amount = (): number => (amounts += 100);
  const callsOf = (row: LedgerRow | undefined, call: string): number =>
    row?.calls.filter((one) => one.call === call).length ?? 0;
  const sent = async (amountMinor: number): Promise<{ payment: string; ref: string }> => {
    const payment = await house.invoice(shop, PHONE, { amountMinor });
    const { provider_ref: ref } = await house.reached(payment, 'requires_customer');
    return { payment, ref: ref ?? '' };
  };
  const heard = async (payment: string, what: string): Promise<void> => {
    const told = house.events.length;
    const seen = (): boolean => house.events.slice(told).some(({ subject }) => subject === payment);
    await house.until(`news of ${payment} after ${what}`, seen);
  };

  it('one reaches the phone with the code of its payment, and says until when it can be paid', async () => {
    const amountMinor = amount();
    const { payment, ref } = await sent(amountMinor);
    expect(house.bank.invoicesOver(amountMinor)).toMatchObject([
      { id: ref, phone_ends: PHONE.slice(-4), comment: payment.slice(-6).toUpperCase() },
    ]);
    const until = Date.parse(house.state(payment)?.next_action?.expires_at ?? '');
    expect(until - house.clock.now()).toBeGreaterThan(LIFE_MS - HOUR_MS);
    expect(house.state(payment)?.next_action?.type).toBe('wait_invoice');
  });

  it('nobody asks about one before its time is over, neither by a timer nor after a restart: only a person does', async () => {
    const { payment, ref } = await sent(amount());
    for (let hour = 0; hour < 20; hour += 4) {
      house.clock.advance(4 * HOUR_MS);
      if (hour === 8) {
        await house.stop();
        await house.start();
      }
      const other = await house.sold(shop);
      expect(other.ref).not.toBe('');
    }
    await house.bank.payer(ref, 'pay');
    house.clock.advance(HOUR_MS);
    await house.sold(shop);
    expect(await house.bank.questionsAbout(ref)).toBe(0);
    expect(house.phases(payment)).toEqual(['requires_customer']);
    house.refresh(shop, payment);
    await house.reached(payment, 'succeeded');
    expect(await house.bank.questionsAbout(ref)).toBe(1);
  });

  it('a day of a person’s questions is none of a timer’s to a bank that punishes those: each is answered', async () => {
    const { payment, ref } = await sent(amount());
    // Long enough for a timer of seconds to give itself away.
    const until = house.clock.now() + 6_000;
    await house.until('time to pass evenly', () => house.clock.now() >= until);
    const pausesMin = [3, 47, 11, 160, 25, 300, 90, 7];
    for (const minutes of pausesMin) {
      house.clock.advance(minutes * 60_000);
      house.refresh(shop, payment);
      await heard(payment, 'a question');
    }
    expect(await house.bank.questionsAbout(ref)).toBe(pausesMin.length);
    await house.bank.payer(ref, 'pay');
    house.clock.advance(HOUR_MS);
    house.refresh(shop, payment);
    await house.reached(payment, 'succeeded');
  });

  it('the same question of a person is asked once however often it arrives', async () => {
    const { payment, ref } = await sent(amount());
    for (let time = 0; time < 10; time += 1) house.refresh(shop, payment, `${payment}:refresh:one`);
    await heard(payment, 'a question');
    const other = await house.sold(shop);
    expect(other.ref).not.toBe('');
    expect(await house.bank.questionsAbout(ref)).toBe(1);
  });

  it('one that its payer rejects is declined', async () => {
    const { payment, ref } = await sent(amount());
    await house.bank.payer(ref, 'reject');
    house.refresh(shop, payment);
    expect(await house.reached(payment, 'declined')).toMatchObject({ failure: { provider_code: 'Error' } });
  });

  it('a cancel takes it back from the phone', async () => {
    const amountMinor = amount();
    const { payment } = await sent(amountMinor);
    house.cancel(shop, payment);
    expect(await house.reached(payment, 'canceled')).toMatchObject({ cancel: { result: 'done' } });
    expect(house.bank.invoicesOver(amountMinor)).toMatchObject([{ status: 'RemotePaymentCanceled' }]);
  });

  it('a cancel that comes after the money is refused, and the money is told', async () => {
    const { payment, ref } = await sent(amount());
    await house.bank.payer(ref, 'pay');
    house.cancel(shop, payment);
    expect(await house.reached(payment, 'succeeded')).toMatchObject({ cancel: { result: 'refused' } });
  });

  it('a cancel whose answer is lost decides nothing: the status after it does', async () => {
    const { payment } = await sent(amount());
    await house.bank.fault('remote/cancel', 'lost_after');
    house.cancel(shop, payment);
    await house.reached(payment, 'canceled');
  });

  it('when its life is over it is cancelled once and asked about once, and never again', async () => {
    const amountMinor = amount();
    const { payment, ref } = await sent(amountMinor);
    // What is due in hours comes back from its row, at the latest when the service starts.
    await house.stop();
    house.clock.advance(LIFE_MS);
    await house.start();
    await house.reached(payment, 'expired');
    for (const ms of [10 * 60_000, LIFE_MS]) {
      await house.stop();
      house.clock.advance(ms);
      await house.start();
      await house.sold(shop);
    }
    const [row] = house.bank.invoicesOver(amountMinor);
    expect([callsOf(row, 'remote/cancel'), await house.bank.questionsAbout(ref)]).toEqual([1, 1]);
  });

  it.each([
    ['lost_before', 0],
    ['lost_after', 1],
    ['cut', 1],
    ['status_code:-999', 0],
    ['status_code:-1404', 0],
    ['status_code:-77777', 0],
  ])('a sending that got %s is unknown at once, and no second invoice follows', async (fault, made) => {
    const amountMinor = amount();
    await house.bank.fault('remote/create', fault, { match: { amount: amountMinor / 100 } });
    const payment = await house.invoice(shop, PHONE, { amountMinor });
    expect(await house.reached(payment, 'unknown')).toMatchObject({
      evidence: 'inferred',
      failure: { code: 'invoice_in_doubt', cashier_key: 'invoice_unknown' },
    });
    house.refresh(shop, payment);
    house.clock.advance(HOUR_MS);
    await house.sold(shop);
    expect(house.phases(payment)).toEqual(['unknown']);
    expect(house.bank.invoicesOver(amountMinor)).toHaveLength(made);
  });

  it('a service that dies between sending and hearing leaves it unknown, not sent again', async () => {
    const amountMinor = amount();
    await house.bank.fault('remote/create', 'silence', { match: { amount: amountMinor / 100 } });
    const payment = await house.invoice(shop, PHONE, { amountMinor });
    await house.until('the bank to act', () => house.bank.invoicesOver(amountMinor).length > 0);
    await house.stop();
    await house.start();
    await house.reached(payment, 'unknown');
    expect(house.bank.invoicesOver(amountMinor)).toHaveLength(1);
  });

  it.each([
    ['-99000002', 'trade_point_not_found'],
    ['990000028', 'amount_out_of_range'],
  ])('%s says that there is no invoice: failed, and it may be tried anew', async (code) => {
    const amountMinor = amount();
    await house.bank.fault('remote/create', `status_code:${code}`, { match: { amount: amountMinor / 100 } });
    const payment = await house.invoice(shop, PHONE, { amountMinor });
    expect((await house.reached(payment, 'failed')).failure).toMatchObject({ provider_code: code });
    expect(house.bank.invoicesOver(amountMinor)).toEqual([]);
  });

  it('a device that the bank has forgotten is registered again, and one invoice is sent', async () => {
    const amountMinor = amount();
    await house.bank.fault('remote/create', 'status_code:-1501', { match: { amount: amountMinor / 100 } });
    await sent(amountMinor);
    expect(house.bank.invoicesOver(amountMinor)).toHaveLength(1);
  });

  it('the payer’s name is told for his phone, a stranger’s phone is said to be nobody’s', async () => {
    const desk = deskOf(house.ids.next('pay'));
    const known = await house.payer(shop, PHONE, desk);
    expect(known).toMatchObject({ is: 'answered', answer: { name: expect.stringMatching(/^\S+ \S+$/) } });
    expect(await house.payer(shop, STRANGER, desk)).toMatchObject({
      is: 'refused',
      failure: { code: 'payer_not_found', cashier_key: 'phone_unknown' },
    });
  });

  it('look-ups keep below the bank’s limit per device: who comes too soon hears when he may', async () => {
    const desk = deskOf(house.ids.next('pay'));
    const answers = [];
    for (let time = 0; time < 60; time += 1) answers.push(await house.payer(shop, PHONE, desk));
    const limited = answers.filter((one) => one.is === 'refused');
    expect(limited.length).toBeGreaterThan(0);
    expect(limited[0]).toMatchObject({ failure: { code: 'rate_limited' }, retry_after_ms: expect.any(Number) });
    expect(answers.filter((one) => one.is === 'answered').length).toBeGreaterThanOrEqual(10);
    expect(await house.bank.lookUpsOverLimit()).toBe(0);
  });

  it('neither a phone nor a name stands in a log line or a message', async () => {
    const known = await house.payer(shop, PHONE, deskOf(house.ids.next('pay')));
    const name = known.is === 'answered' ? (known.answer['name'] ?? '') : '';
    expect(name).not.toBe('');
    const written = [...house.log, JSON.stringify(house.events)].join('\n');
    expect([PHONE, STRANGER, name].filter((personal) => written.includes(personal))).toEqual([]);
  });

  it('no question of all these looked like a timer’s to the bank', async () => {
    expect(await house.bank.questionsByTimer()).toBe(0);
  });

  it('no payment has two invoices, and what the bank counts as paid is what was told as paid', () => {
    const invoices = house.bank.sandbox.ledger().filter(({ kind }) => kind === 'invoice');
    expect(new Set(invoices.map((row) => row.amount)).size).toBe(invoices.length);
    const paid = invoices.filter(({ status }) => status === 'Processed').map(({ id }) => id);
    const told = house.events
      .filter(({ type }) => type === 'payment.state')
      .map(({ subject }) => house.state(subject))
      .filter((state) => state?.phase === 'succeeded')
      .map((state) => state?.provider_ref ?? '');
    expect(paid.length).toBeGreaterThan(0);
    expect(paid.filter((id) => !told.includes(id))).toEqual([]);
  });
});
