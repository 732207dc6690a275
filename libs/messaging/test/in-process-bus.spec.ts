import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Envelope } from '@tolem/contracts';
import { IdFactory, systemClock } from '@tolem/domain';
import { Database, migrate, Outbox, OUTBOX_MIGRATIONS, type OutboxRow, roleOfUrl } from '@tolem/persistence';
import { type DatabaseTemplate, testDatabase, type TestDatabase, waitFor } from '@tolem/testing';
import { InProcessBus } from '../src/index.ts';
import { busContract } from './bus-contract.ts';
import { message, outage, rowsOf } from './messages.ts';

busContract('the bus of one machine', async (setting) => ({
  bus: new InProcessBus(setting),
  safeMeans: 'handled',
  close: async () => undefined,
}));

const TOPOLOGY = { events: ['gateway'] };
const ignore = (): void => undefined;

describe('the queue of a consumer', () => {
  it('is bounded: what does not fit is not safe, and fits again once there is room', async () => {
    const bus = new InProcessBus({ topology: TOPOLOGY, maxQueued: 2, onError: ignore });
    const rows = [1, 2, 3].flatMap((n) => rowsOf(bus, message(n)));
    const [first, second, third] = bus.send(rows);
    expect(await third).toBe(false);
    const seen: unknown[] = [];
    const subscription = bus.subscribe('gateway', ['events'], async (batch) => {
      seen.push(...batch.map(({ body }) => body));
      return batch.map(() => 'done');
    });
    expect(await Promise.all([first, second])).toEqual([true, true]);
    expect(await Promise.all(bus.send(rows.slice(2)))).toEqual([true]);
    expect(seen).toEqual([1, 2, 3]);
    await subscription.close();
  });

  it('is bounded for announcements too: the ones that do not fit are lost, those before them are not', async () => {
    const bus = new InProcessBus({ topology: TOPOLOGY, maxQueued: 3, onError: ignore });
    for (let n = 0; n < 1_000; n += 1) bus.announce(message(n));
    const seen: unknown[] = [];
    const subscription = bus.subscribe('gateway', ['events'], async (batch) => {
      seen.push(...batch.map(({ body }) => body));
      return batch.map(() => 'done');
    });
    await waitFor('what fitted', () => seen.length >= 3);
    await subscription.close();
    expect(seen).toEqual([0, 1, 2]);
  });

  it('hands over no more at once than a batch holds', async () => {
    const bus = new InProcessBus({ topology: TOPOLOGY, batchSize: 4, onError: ignore });
    const sizes: number[] = [];
    const outcomes = bus.send(Array.from({ length: 10 }, (_, n) => rowsOf(bus, message(n))).flat());
    const subscription = bus.subscribe('gateway', ['events'], async (batch) => {
      sizes.push(batch.length);
      return batch.map(() => 'done');
    });
    await Promise.all(outcomes);
    expect(sizes).toEqual([4, 4, 2]);
    await subscription.close();
  });

  it('calls a message safe only when its own outcome is "done"', async () => {
    const bus = new InProcessBus({ topology: TOPOLOGY, onError: ignore });
    const outcomes = bus.send([1, 2, 3, 4].flatMap((n) => rowsOf(bus, message(n))));
    const subscription = bus.subscribe('gateway', ['events'], async () => ['done', 'again', 'parked']);
    expect(await Promise.all(outcomes)).toEqual([true, false, false, false]);
    await subscription.close();
  });

  it('has one subscriber at a time', async () => {
    const bus = new InProcessBus({ topology: TOPOLOGY, onError: ignore });
    const subscription = bus.subscribe('gateway', ['events'], async () => []);
    expect(() => bus.subscribe('gateway', ['events'], async () => [])).toThrow('subscribed twice');
    await subscription.close();
    await bus.subscribe('gateway', ['events'], async () => []).close();
  });

  it('does not sit out the pause of an outage when it is closed, and says that its messages are not safe', async () => {
    let attempts = 0;
    const bus = new InProcessBus({ topology: TOPOLOGY, batchSize: 1, onError: () => (attempts += 1) });
    const outcomes = bus.send([1, 2].flatMap((n) => rowsOf(bus, message(n))));
    const subscription = bus.subscribe('gateway', ['events'], () => Promise.reject(outage()));
    // After the fourth attempt the pause is 800 ms; a few turns of the event loop take far less.
    await waitFor('the fourth attempt', () => attempts === 4);
    let closed = false;
    const closing = subscription.close().then(() => (closed = true));
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(true);
    await closing;
    expect(await Promise.all(outcomes)).toEqual([false, false]);
  });

  it('refuses at once to send to a topic that nobody consumes: its rows would wait for ever', () => {
    const bus = new InProcessBus({ topology: TOPOLOGY, onError: ignore });
    expect(() => bus.consumersOf('answers')).toThrow('nobody consumes topic answers here');
  });

  it('does not take a message for a consumer that does not live here', async () => {
    const bus = new InProcessBus({ topology: TOPOLOGY, onError: ignore });
    const [row] = rowsOf(bus, message(1));
    if (row === undefined) throw new Error('one row was made');
    expect(await Promise.all(bus.send([{ ...row, consumer: 'stranger' }]))).toEqual([false]);
  });
});

describe('together with the outbox of a service', () => {
  const ROLE = 'messaging_spec_worker';
  const ids = new IdFactory(systemClock);
  const template: DatabaseTemplate = {
    name: 'messaging_outbox',
    migrate: async ({ adminUrl, urlOf }) =>
      void (await migrate({
        adminUrl,
        schema: 'messaging_spec',
        roles: [roleOfUrl(urlOf(ROLE))],
        directories: [OUTBOX_MIGRATIONS],
        names: { worker: ROLE },
      })),
  };
  let database: TestDatabase;
  let db: Database;

  beforeAll(async () => {
    database = await testDatabase(template);
    db = await Database.connect({ url: database.urlOf(ROLE), applicationName: 'bus spec' });
  });
  afterAll(async () => {
    await db.close();
    await database.drop();
  });

  const left = async (): Promise<unknown[]> =>
    (await db.query<{ body: unknown }>('SELECT body FROM outbox ORDER BY id')).map((row) => row.body);

  async function commit(outbox: Outbox, ...envelopes: readonly Envelope[]): Promise<OutboxRow[]> {
    const rows = envelopes.flatMap((envelope) => outbox.rowsFor(envelope));
    await db.query(
      `INSERT INTO outbox (id, topic, consumer, key, headers, body)
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS row(id uuid, topic text, consumer text, key text, headers jsonb, body jsonb)`,
      [JSON.stringify(rows)],
    );
    return rows;
  }

  it('a message stays in the table until its handler has finished, and what the queue refused comes again', async () => {
    const bus = new InProcessBus({ topology: TOPOLOGY, maxQueued: 1, onError: ignore });
    const outbox = new Outbox({ db, transport: bus, newId: () => ids.uuid(), onError: ignore });
    outbox.publish(await commit(outbox, message('fits'), message('refused')));
    expect(await left()).toEqual(['fits', 'refused']);

    const seen: unknown[] = [];
    const { promise: handled, resolve: finish } = Promise.withResolvers<undefined>();
    const subscription = bus.subscribe('gateway', ['events'], async (batch) => {
      seen.push(...batch.map(({ body }) => body));
      await handled;
      return batch.map(() => 'done');
    });
    await waitFor('the first to run', () => seen.length > 0);
    expect(await left()).toEqual(['fits', 'refused']);
    finish(undefined);
    await waitFor('the first to go', async () => (await left()).length === 1);
    expect(await left()).toEqual(['refused']);

    await db.query(`UPDATE outbox SET created_at = created_at - interval '2 s'`);
    await outbox.relayOnce();
    await waitFor('the second to go', async () => (await left()).length === 0);
    expect(seen).toEqual(['fits', 'refused']);
    await subscription.close();
    await outbox.stop();
  });

  it('a message whose process ended before its handler did is handled by the next one', async () => {
    const dead = new InProcessBus({ topology: TOPOLOGY, onError: ignore });
    const abandoned = new Outbox({ db, transport: dead, newId: () => ids.uuid(), onError: ignore });
    dead.subscribe('gateway', ['events'], () => new Promise(() => undefined));
    abandoned.publish(await commit(abandoned, message('survivor')));
    await abandoned.stop();

    const bus = new InProcessBus({ topology: TOPOLOGY, onError: ignore });
    const outbox = new Outbox({ db, transport: bus, newId: () => ids.uuid(), onError: ignore });
    const seen: unknown[] = [];
    const subscription = bus.subscribe('gateway', ['events'], async (batch) => {
      seen.push(...batch.map(({ body }) => body));
      return batch.map(() => 'done');
    });
    await db.query(`UPDATE outbox SET created_at = created_at - interval '2 s'`);
    outbox.start();
    await waitFor('the row to go', async () => (await left()).length === 0);
    expect(seen).toEqual(['survivor']);
    await subscription.close();
    await outbox.stop();
  });
});
