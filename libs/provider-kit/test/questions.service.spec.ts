import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answerContext, type Envelope, type QuestionAnswer, questionAnswerSchema } from '@tolem/contracts';
import { MemorySlots } from '@tolem/coordination';
import { waitFor } from '@tolem/testing';
import { dummyFailure } from './dummy-provider.ts';
import { Gate } from './gate.ts';
import { KitHouse, type Replica } from './kit-house.ts';
import { type AskOptions, type Shop } from './stand-in-gateway.ts';

let house: KitHouse;
let replica: Replica;

beforeAll(async () => {
  house = await KitHouse.open();
  replica = await house.start();
});
afterAll(() => house.close());

const PHONE = '77010000017';

interface Waiter {
  readonly id: string;
  readonly envelope: Envelope;
  readonly heard: readonly string[];
}

/** Somebody who waits for an answer, and the question that he would send. */
async function waiter(shop: Shop, more: Partial<AskOptions> = {}): Promise<Waiter> {
  const id = house.ids.next('que');
  const heard: string[] = [];
  house.answers.listen(id, (text) => heard.push(text));
  const sealed = await house.seal(shop, { phone: PHONE }, `question.ask:${id}`);
  return { id, heard, envelope: house.ask(shop, { id, sealed, ...more }) };
}

async function answer({ id, heard }: Waiter): Promise<QuestionAnswer> {
  const text = await waitFor('the answer', () => heard[0]);
  return questionAnswerSchema.parse(await house.unseal(text, answerContext(id)));
}

async function asked(shop: Shop, more: Partial<AskOptions> = {}): Promise<QuestionAnswer> {
  const waiting = await waiter(shop, more);
  await replica.send(waiting.envelope);
  return answer(waiting);
}

describe('a question', () => {
  it('is asked with the desk’s device, and answered to whoever waits, sealed', async () => {
    const shop = await house.openShop(replica);
    const waiting = await waiter(shop);
    await replica.send(waiting.envelope);
    expect(await answer(waiting)).toEqual({ is: 'answered', answer: { name: 'Aigerim' } });
    expect(waiting.heard.join('')).not.toContain('Aigerim');
    expect(house.dummy.askedPayers.at(-1)).toMatchObject({
      args: { phone: PHONE },
      deviceToken: expect.stringContaining(shop.desk),
    });
  });

  it('leaves no trace: no row, no message, and neither question nor answer in the log', async () => {
    const shop = await house.openShop(replica);
    const waiting = await waiter(shop);
    await replica.send(waiting.envelope);
    await answer(waiting);
    const db = await house.sql();
    expect(await db.query('SELECT FROM subject WHERE id = $1', [waiting.id])).toEqual([]);
    expect(await db.query('SELECT FROM operation WHERE subject_id = $1', [waiting.id])).toEqual([]);
    expect(house.told(waiting.id)).toEqual([]);
    expect(house.logLines.join('')).not.toContain(PHONE);
    expect(house.logLines.join('')).not.toContain('Aigerim');
  });

  it('past its deadline is not asked', async () => {
    const shop = await house.openShop(replica);
    const before = house.dummy.count('ask payer');
    const late = await waiter(shop, { deadline: house.clock.now() - 1 });
    await replica.send(late.envelope);
    expect(await asked(shop)).toMatchObject({ is: 'answered' });
    expect(house.dummy.count('ask payer')).toBe(before + 1);
    expect(late.heard).toEqual([]);
  });

  it('asked too often by one device is refused with the time to wait, by every process; another device may ask', async () => {
    const other = await house.start();
    const [shop, neighbour] = [await house.openShop(replica), await house.openShop(replica)];
    for (const _ of [1, 2, 3]) expect(await asked(shop)).toMatchObject({ is: 'answered' });
    const before = house.dummy.count('ask payer');
    const waiting = await waiter(shop);
    await other.send(waiting.envelope);
    const refused = await answer(waiting);
    expect(refused).toMatchObject({ is: 'refused', failure: { code: 'rate_limited' } });
    expect(refused.is === 'refused' && refused.retry_after_ms).toBeGreaterThan(5_000);
    expect(house.dummy.count('ask payer')).toBe(before);
    expect(await asked(neighbour)).toMatchObject({ is: 'answered' });
    await other.close();
  });

  it('that the provider refuses, cannot be asked, or that nobody knows is answered so', async () => {
    const shop = await house.openShop(replica);
    const failure = dummyFailure('no_such_payer');
    house.dummy.answersToPayer = [{ is: 'refused', failure }];
    expect(await asked(shop)).toEqual({ is: 'refused', failure });
    house.dummy.answersToPayer = [{ is: 'unreachable', failure }];
    expect(await asked(shop)).toEqual({ is: 'unreachable', failure });
    house.dummy.answersToPayer = [{ is: 'answered', answer: { name: 'Aigerim' } }];
    expect(await asked(shop, { kind: 'weather' })).toMatchObject({
      is: 'refused',
      failure: { code: 'question_not_available' },
    });
  });

  it('sealed for another question is refused, nothing asked', async () => {
    const shop = await house.openShop(replica);
    const before = house.dummy.count('ask payer');
    const sealed = await house.seal(shop, { phone: PHONE }, 'question.ask:que_another');
    expect(await asked(shop, { sealed })).toMatchObject({ failure: { code: 'request_unreadable' } });
    expect(house.dummy.count('ask payer')).toBe(before);
  });

  it('under a connection that is not here, or switched off, is answered so', async () => {
    const off = house.shop();
    await replica.send(house.put(off, 1, { enabled: false }));
    expect(await asked(off)).toMatchObject({ is: 'refused', failure: { code: 'connection_disabled' } });
    expect(await asked(house.shop())).toMatchObject({ is: 'unreachable', failure: { code: 'provider_unavailable' } });
  });

  it('through a device that the provider has forgotten registers it again', async () => {
    const shop = await house.openShop(replica);
    const failure = dummyFailure('device');
    await asked(shop);
    house.dummy.askedPayers.length = 0;
    house.dummy.answersToPayer = [
      { is: 'device_unknown', failure },
      { is: 'answered', answer: { name: 'Aigerim' } },
    ];
    const registered = house.dummy.count(`register ${shop.desk}`);
    expect(await asked(shop)).toMatchObject({ is: 'answered' });
    expect(house.dummy.count(`register ${shop.desk}`)).toBe(registered + 1);
  });
});

describe('many questions', () => {
  it('share the slots of polls, are bounded in number, and hold up no start', async () => {
    await replica.close();
    const own = await house.start({ slots: new MemorySlots({ start: 1, poll: 1, background: 1 }) });
    const shop = await house.openShop(own);
    const slow = new Gate();
    house.dummy.duringQuestion = slow;
    const first = await waiter(shop);
    await own.send(first.envelope);
    await waitFor('the first', () => slow.arrived === 1);
    const line = await Promise.all(Array.from({ length: 513 }, () => waiter(shop, { kind: 'weather' })));
    await own.send(...line.map(({ envelope }) => envelope));
    const refused = await waitFor('the one too many', () => line.find(({ heard }) => heard.length > 0));
    expect(await answer(refused)).toMatchObject({ failure: { code: 'provider_overloaded' } });
    expect(slow.arrived).toBe(1);
    const payment = house.payment(shop);
    await own.send(house.begin(payment));
    await house.until(payment, 'requires_customer');
    slow.open();
    expect(await answer(first)).toMatchObject({ is: 'answered' });
    await own.close();
    replica = await house.start();
  });

  it('of a process that stops are not begun any more, and what runs is answered', async () => {
    const own = await house.start({ slots: new MemorySlots({ start: 1, poll: 1, background: 1 }) });
    const shop = await house.openShop(own);
    const slow = new Gate();
    house.dummy.duringQuestion = slow;
    const [running, waiting] = [await waiter(shop), await waiter(shop)];
    await own.send(running.envelope, waiting.envelope);
    await waitFor('the first', () => slow.arrived === 1);
    const closing = own.close();
    slow.open();
    await closing;
    expect(await answer(running)).toMatchObject({ is: 'answered' });
    expect(waiting.heard).toEqual([]);
    house.dummy.duringQuestion = null;
  });
});
