import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import type { Script } from './dummy-provider.ts';
import { Gate } from './gate.ts';
import { KitHouse, type Replica } from './kit-house.ts';
import { type Payment, type Shop } from './stand-in-gateway.ts';

let house: KitHouse;
let replica: Replica;
let shop: Shop;

beforeAll(async () => {
  house = await KitHouse.open();
  replica = await house.start();
  shop = await house.openShop(replica);
});
afterAll(() => house.close());

/** A payment that no timer asks about before its end. */
async function invoice(script: Script = {}, withinMs = 60_000, at: Replica = replica): Promise<Payment> {
  const payment = house.payment(shop, { method: 'dummy_invoice' });
  house.dummy.script(payment.id, {
    askedForOnly: { is: 'asked_for_only', customerWithinMs: withinMs },
    ...script,
  });
  await at.send(house.begin(payment));
  return payment;
}

/** Every call about a payment beside its start. */
const callsAbout = ({ id }: Payment): readonly string[] =>
  house.dummy.calls.filter((call) => call.endsWith(id) && !/^(note|start) /.test(call));

async function operationsOf({ id }: Payment) {
  const db = await house.sql();
  return db.query<{ id: string; state: string; check_at: Date | null }>(
    'SELECT id, state, check_at FROM operation WHERE subject_id = $1 ORDER BY lane_no',
    [id],
  );
}

describe('an invoice that nobody touches', () => {
  it('causes no call before its time is over: not by polls, re-seeding, sweeps, reports, a restart or a second process, and one give-up and one question then', async () => {
    await replica.close();
    const settings = { reseedEveryMs: 30, sweepEveryMs: 20 };
    const first = await house.start({ settings });
    const second = await house.start({ settings });
    const payment = await invoice({}, 60_000, first);
    await house.until(payment, 'requires_customer');
    await first.send(house.report(payment), house.begin(payment));
    await second.send(house.report(payment));
    // A polled payment of the same connection shows that time passes for both.
    const polled = house.payment(shop);
    await second.send(house.begin(polled));
    await waitFor('many questions about another', () => house.dummy.count(`check ${polled.id}`) >= 10);
    await first.close();
    const third = await house.start({ settings });
    await third.send(house.report(payment));
    const asked = house.dummy.count(`check ${polled.id}`);
    await waitFor('more questions about another', () => house.dummy.count(`check ${polled.id}`) >= asked + 10);
    house.clock.leap(25_000);
    house.dummy.buyer(polled.id, 'paid');
    await house.until(polled, 'succeeded');
    expect(callsAbout(payment)).toEqual([]);
    house.clock.leap(40_000);
    await house.until(payment, 'canceled');
    expect(callsAbout(payment)).toEqual([`give up ${payment.id}`, `check ${payment.id}`]);
    await second.close();
    await third.close();
    replica = await house.start();
  });

  it('is given up once at its end, asked about once, and is expired; nobody looks for late money', async () => {
    const payment = await invoice({ cancels: ['ignored'] }, 100);
    expect(await house.until(payment, 'expired')).toMatchObject({ next_action: null, evidence: 'inferred' });
    const db = await house.sql();
    expect(await db.query('SELECT look_at FROM subject WHERE id = $1', [payment.id])).toEqual([{ look_at: null }]);
    const other = await invoice({}, 100);
    await house.until(other, 'canceled');
    expect(callsAbout(payment)).toEqual([`give up ${payment.id}`, `check ${payment.id}`]);
  });

  it('and was paid is succeeded by the one question at its end', async () => {
    const payment = await invoice({}, 150);
    house.dummy.buyer(payment.id, 'paid');
    await house.until(payment, 'succeeded');
    expect(callsAbout(payment)).toEqual([`give up ${payment.id}`, `check ${payment.id}`]);
  });

  it.each(['refused', 'unreachable'] as const)(
    'and whose cancel at its end was %s is unknown while the provider says that it waits, after one cancel and one question',
    async (step) => {
      const payment = await invoice({ cancels: [step] }, 100);
      expect(await house.until(payment, 'unknown')).toMatchObject({
        next_action: null,
        evidence: 'inferred',
        failure: { code: 'not_taken_back', provider_message: 'as scripted', cashier_key: 'unknown_ask_admin' },
      });
      // Others come to their end meanwhile, and a person who looks hears the same.
      await house.until(await invoice({}, 100), 'canceled');
      expect(callsAbout(payment)).toEqual([`give up ${payment.id}`, `check ${payment.id}`]);
      await replica.send(house.refresh(payment));
      await waitFor('the answer', () => house.dummy.count(`check ${payment.id}`) === 2);
      await waitFor('the operation to end', async () => (await operationsOf(payment)).at(-1)?.state === 'done');
      expect(house.last(payment.id)?.phase).toBe('unknown');
      house.dummy.buyer(payment.id, 'paid');
      await replica.send(house.refresh(payment));
      expect(await house.until(payment, 'succeeded')).toMatchObject({ failure: null });
    },
  );

  it('and could not be taken back is canceled by a cancel that the provider hears later', async () => {
    const payment = await invoice({ cancels: ['unreachable'] }, 100);
    await house.until(payment, 'unknown');
    house.dummy.script(payment.id, { cancels: ['done'] });
    await replica.send(house.cancel(payment));
    expect(await house.until(payment, 'canceled')).toMatchObject({ cancel: { result: 'done' } });
  });

  it('and cannot be asked about at its end is unknown, asked a few times more, and then left to a person', async () => {
    const payment = await invoice({ checks: [{ is: 'unreachable', reason: 'silence' }], cancels: ['unreachable'] }, 50);
    await house.until(payment, 'unknown');
    const db = await house.sql();
    await waitFor('the looking to end', async () => {
      const [row] = await db.query<{ look_at: Date | null }>('SELECT look_at FROM subject WHERE id = $1', [payment.id]);
      return row?.look_at === null;
    });
    expect(house.dummy.count(`check ${payment.id}`)).toBe(6);
    house.dummy.script(payment.id, { checks: ['truth'] });
    house.dummy.buyer(payment.id, 'paid');
    await replica.send(house.refresh(payment));
    await house.until(payment, 'succeeded');
  });
});

describe('a refresh', () => {
  it('of an invoice asks once, and what is new is told', async () => {
    const payment = await invoice();
    await house.until(payment, 'requires_customer');
    house.dummy.buyer(payment.id, 'paid');
    await replica.send(house.refresh(payment));
    await house.until(payment, 'succeeded');
    expect(callsAbout(payment)).toEqual([`check ${payment.id}`]);
  });

  it('where nothing is new tells how it stands and starts no timer', async () => {
    const payment = await invoice();
    await house.until(payment, 'requires_customer');
    await replica.send(house.refresh(payment));
    await waitFor('the answer', () => house.states(payment.id).length === 2);
    expect(new Set(house.states(payment.id).map((state) => state.seq)).size).toBe(1);
    expect(callsAbout(payment)).toEqual([`check ${payment.id}`]);
  });

  it('delivered five times asks once', async () => {
    const payment = await invoice();
    await house.until(payment, 'requires_customer');
    const refresh = house.refresh(payment);
    await replica.send(refresh, refresh, refresh);
    await replica.send(refresh, refresh);
    await waitFor('the operation to end', async () => (await operationsOf(payment)).at(-1)?.state === 'done');
    expect(house.dummy.count(`check ${payment.id}`)).toBe(1);
  });

  it('of a payment that ended unpaid finds late money, and moves no timer where there is none', async () => {
    const payment = house.payment(shop);
    await replica.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    house.dummy.buyer(payment.id, 'declined');
    await house.until(payment, 'declined');
    const asked = house.dummy.count(`check ${payment.id}`);
    house.dummy.script(payment.id, { checks: [{ is: 'pending', phase: 'requires_customer' }, 'truth'] });
    await replica.send(house.refresh(payment));
    await waitFor('the answer', () => house.states(payment.id).length === 3);
    expect(house.last(payment.id)).toMatchObject({ phase: 'declined', seq: 2 });
    house.dummy.script(payment.id, {});
    house.dummy.buyer(payment.id, 'paid');
    await replica.send(house.refresh(payment));
    await house.until(payment, 'succeeded');
    expect(house.dummy.count(`check ${payment.id}`)).toBe(asked + 2);
  });

  it('of a paid payment, or one that the provider never took, asks nobody and tells it again', async () => {
    const paid = house.payment(shop);
    house.dummy.buyer(paid.id, 'paid');
    await replica.send(house.begin(paid));
    await house.until(paid, 'succeeded');
    const failed = house.payment(shop);
    house.dummy.script(failed.id, { starts: ['refused'] });
    await replica.send(house.begin(failed));
    await house.until(failed, 'failed');
    const asked = house.dummy.count(`check ${paid.id}`);
    await replica.send(house.refresh(paid), house.refresh(failed), house.refresh(house.payment(shop)));
    await waitFor('both answers', () => house.states(paid.id).length === 3 && house.states(failed.id).length === 2);
    expect(house.dummy.count(`check ${paid.id}`)).toBe(asked);
    expect(house.dummy.count(`check ${failed.id}`)).toBe(0);
  });

  it('while the provider is silent changes nothing', async () => {
    const payment = await invoice({ checks: [{ is: 'unreachable', reason: 'silence' }] });
    await house.until(payment, 'requires_customer');
    const before = house.last(payment.id);
    await replica.send(house.refresh(payment));
    await waitFor('the answer', () => house.states(payment.id).length === 2);
    expect(house.last(payment.id)).toMatchObject({ phase: 'requires_customer', seq: before?.seq });
  });
});

describe('a cancel of an invoice', () => {
  it('asks the provider to forget it, then how it stands: canceled, with the cancel done', async () => {
    const payment = await invoice();
    await house.until(payment, 'requires_customer');
    await replica.send(house.cancel(payment));
    expect(await house.until(payment, 'canceled')).toMatchObject({ cancel: { result: 'done' }, next_action: null });
    expect(callsAbout(payment)).toEqual([`cancel ${payment.id}`, `check ${payment.id}`]);
  });

  it('is not believed by its answer: an invoice that was paid is succeeded, the cancel refused', async () => {
    const payment = await invoice();
    await house.until(payment, 'requires_customer');
    house.dummy.buyer(payment.id, 'paid');
    await replica.send(house.cancel(payment));
    expect(await house.until(payment, 'succeeded')).toMatchObject({ cancel: { result: 'refused' } });
  });

  it.each(['refused', 'unreachable'] as const)('that is %s leaves it open, the cancel pending', async (step) => {
    const payment = await invoice({ cancels: [step] });
    await house.until(payment, 'requires_customer');
    const askedAt = house.clock.now();
    await replica.send(house.cancel(payment, askedAt));
    await waitFor('the operation to end', async () => (await operationsOf(payment)).at(-1)?.state === 'done');
    expect(house.last(payment.id)).toMatchObject({ phase: 'requires_customer', cancel: { result: 'pending' } });
    expect(house.dummy.count(`cancel ${payment.id}`)).toBe(step === 'refused' ? 1 : 3);
    expect(house.dummy.count(`check ${payment.id}`)).toBe(1);
    // Whoever asks once more has it tried once more.
    house.dummy.script(payment.id, { cancels: ['done'] });
    await replica.send(house.cancel(payment, askedAt + 10_000));
    await house.until(payment, 'canceled');
  });

  it('asked for again and again while one is under way is one more at most, and none once that one has ended it', async () => {
    const slow = new Gate();
    const payment = await invoice({ duringCheck: slow });
    await house.until(payment, 'requires_customer');
    const askedAt = house.clock.now();
    await replica.send(house.cancel(payment, askedAt));
    await waitFor('the question after it', () => slow.arrived === 1);
    for (let times = 1; times <= 4; times += 1) await replica.send(house.cancel(payment, askedAt + times * 10_000));
    slow.open();
    await house.until(payment, 'canceled');
    await waitFor('all of them to end', async () =>
      (await operationsOf(payment)).every(({ state }) => state === 'done'),
    );
    expect((await operationsOf(payment)).map(({ id }) => id)).toEqual([
      `${payment.id}:start`,
      `${payment.id}.cancel.${askedAt}`,
      `${payment.id}.cancel.${askedAt + 10_000}`,
    ]);
    expect(callsAbout(payment)).toEqual([`cancel ${payment.id}`, `check ${payment.id}`]);
  });

  it('delivered five times asks the provider once', async () => {
    const payment = await invoice({ cancels: ['ignored'] });
    await house.until(payment, 'requires_customer');
    const cancel = house.cancel(payment);
    await replica.send(cancel, cancel, cancel);
    await waitFor('the operation to end', async () => (await operationsOf(payment)).at(-1)?.state === 'done');
    await replica.send(cancel, cancel);
    expect(house.dummy.count(`cancel ${payment.id}`)).toBe(1);
  });

  it('while it is being made is carried out when it is there', async () => {
    const slow = new Gate();
    const payment = await invoice({ afterStart: slow });
    await waitFor('the call', () => slow.arrived === 1);
    await replica.send(house.cancel(payment));
    await waitFor('the cancel', () => house.last(payment.id)?.cancel?.result === 'pending');
    slow.open();
    expect(await house.until(payment, 'canceled')).toMatchObject({ cancel: { result: 'done' } });
    expect((await operationsOf(payment)).map(({ id, state }) => [id, state])).toEqual([
      [`${payment.id}:start`, 'done'],
      [`${payment.id}:cancel`, 'done'],
    ]);
  });
});

describe('an invoice whose answer is lost', () => {
  it.each(['lost_before', 'lost_after'] as const)(
    '(%s) is unknown at once, never made again and never asked about: only a person ends it',
    async (step) => {
      const payment = await invoice({ starts: [step, 'ok'] });
      expect(await house.until(payment, 'unknown')).toMatchObject({
        seq: 2,
        provider_ref: null,
        evidence: 'inferred',
        failure: { code: 'invoice_unknown', cashier_key: 'invoice_unknown', provider_message: 'as scripted' },
      });
      expect(await operationsOf(payment)).toMatchObject([{ state: 'unknown', check_at: null }]);
      await replica.send(house.begin(payment), house.report(payment), house.refresh(payment));
      await house.until(await invoice({}, 50), 'canceled');
      expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
      expect(callsAbout(payment)).toEqual([]);
    },
  );

  it('because the process died is unknown after the restart, at once', async () => {
    await replica.close();
    const first = await house.start();
    const slow = new Gate();
    const payment = await invoice({ afterStart: slow }, 60_000, first);
    await waitFor('the call', () => slow.arrived === 1);
    await first.kill();
    replica = await house.start({ settings: { alone: true, resolveAfterMs: 3_600_000 } });
    expect((await house.until(payment, 'unknown')).failure?.code).toBe('invoice_unknown');
    slow.open();
    expect(house.dummy.count(`start ${payment.id}`)).toBe(1);
    expect(await operationsOf(payment)).toMatchObject([{ state: 'unknown', check_at: null }]);
  });
});

describe('what is personal of a payment', () => {
  const PERSONAL = { phone: '77010000017', comment: 'code 4F7K' };

  it('reaches the provider opened, and no table, message or log', async () => {
    const payment = house.payment(shop);
    const sealed = await house.seal(shop, PERSONAL, `payment.start:${payment.id}`);
    await replica.send(house.begin(payment, sealed));
    await house.until(payment, 'requires_customer');
    expect(house.dummy.starts(payment.id)[0]?.personal).toEqual(PERSONAL);
    const db = await house.sql();
    const rows = await db.query(`SELECT command FROM operation UNION ALL SELECT data FROM subject`);
    for (const kept of [JSON.stringify(rows), JSON.stringify(house.events), house.logLines.join('')]) {
      expect(kept).not.toContain(PERSONAL.phone);
      expect(kept).not.toContain(PERSONAL.comment);
    }
  });

  it.each(['dummy_pay', 'dummy_once'])('that cannot be opened fails the payment, nothing sent (%s)', async (method) => {
    const payment = house.payment(shop, { method });
    const sealed = await house.seal(shop, PERSONAL, 'payment.start:pay_another');
    await replica.send(house.begin(payment, sealed));
    expect((await house.until(payment, 'failed')).failure?.code).toBe('request_unreadable');
    expect(house.dummy.count(`start ${payment.id}`)).toBe(0);
  });
});

describe('what was really paid', () => {
  async function paid(script: Script): Promise<Payment> {
    const payment = house.payment(shop, { method: 'dummy_verified' });
    house.dummy.script(payment.id, script);
    house.dummy.buyer(payment.id, 'paid');
    await replica.send(house.begin(payment));
    await house.until(payment, 'succeeded');
    return payment;
  }
  async function watched({ id }: Payment): Promise<boolean> {
    const db = await house.sql();
    const [row] = await db.query<{ look_at: Date | null }>('SELECT look_at FROM subject WHERE id = $1', [id]);
    return row?.look_at !== null;
  }

  it('is asked once after success; where it fits nobody hears of it', async () => {
    const payment = await paid({});
    await waitFor('the watch to end', async () => !(await watched(payment)));
    expect(house.dummy.count(`verify paid ${payment.id}`)).toBe(1);
    expect(house.states(payment.id).map((state) => state.phase)).toEqual(['requires_customer', 'succeeded']);
  });

  it.each([
    ['another amount', { amountMinor: 148_999 }],
    ['another id', { providerRef: 'somebody else’s' }],
  ])('and is %s is told with an alarm; the payment stays succeeded', async (_name, wrong) => {
    const fits = { is: 'details', providerRef: 'ref', amountMinor: 149_000 } as const;
    const payment = house.payment(shop, { method: 'dummy_verified' });
    const told = { ...fits, providerRef: `ref-${payment.id}-1`, ...wrong };
    house.dummy.script(payment.id, { verifications: [told] });
    house.dummy.buyer(payment.id, 'paid');
    await replica.send(house.begin(payment));
    await waitFor('the snapshot', () => house.states(payment.id).length === 3);
    expect(house.last(payment.id)).toMatchObject({
      seq: 3,
      phase: 'succeeded',
      amount: told.amountMinor,
      provider_ref: told.providerRef,
    });
    expect(house.logLines.join('')).toContain(`${told.amountMinor} was paid under ${told.providerRef}`);
  });

  it('is asked again while the provider is silent, and given up after a few times', async () => {
    const silent = { is: 'unreachable', reason: 'silence' } as const;
    const late = await paid({ verifications: [silent, silent, 'truth'] });
    const never = await paid({ verifications: [silent] });
    await waitFor('both to end', async () => !(await watched(late)) && !(await watched(never)));
    expect(house.dummy.count(`verify paid ${late.id}`)).toBe(3);
    expect(house.dummy.count(`verify paid ${never.id}`)).toBe(5);
    expect(house.states(never.id)).toHaveLength(2);
  });

  it('is still asked where the process died in between', async () => {
    await replica.close();
    const first = await house.start({ settings: { pollTickMs: 60_000, pollIdleMs: 60_000 } });
    const payment = house.payment(shop, { method: 'dummy_verified' });
    await first.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    house.dummy.buyer(payment.id, 'paid');
    await first.send(house.refresh(payment));
    await house.until(payment, 'succeeded');
    await first.kill();
    expect(house.dummy.count(`verify paid ${payment.id}`)).toBe(0);
    replica = await house.start({ settings: { alone: true } });
    await waitFor('the question', () => house.dummy.count(`verify paid ${payment.id}`) === 1);
  });
});
