import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Envelope } from '@tolem/contracts';
import { IdFactory, systemClock } from '@tolem/domain';
import { testDatabase, type TestDatabase, waitFor } from '@tolem/testing';
import { Database, Outbox, type OutboxRow } from '../src/index.ts';
import { ScriptedTransport } from './scripted-transport.ts';
import { WORKER, withTables } from './spec-service.ts';

const ids = new IdFactory(systemClock);

let database: TestDatabase;
let db: Database;
let admin: Database;
let trouble: { error: unknown; what: string }[];
const outboxes: Outbox[] = [];

beforeAll(async () => {
  database = await testDatabase(withTables);
  db = await Database.connect({ url: database.urlOf(WORKER), applicationName: 'outbox spec' });
  admin = await Database.connect({ url: database.adminUrl, applicationName: 'spec admin' });
});
afterAll(async () => {
  await Promise.all([db.close(), admin.close()]);
  await database.drop();
});
beforeEach(async () => {
  trouble = [];
  await db.query('DELETE FROM outbox');
});
afterEach(async () => {
  await Promise.all(outboxes.splice(0).map((outbox) => outbox.stop()));
});

function outboxWith(transport: ScriptedTransport, through = db): Outbox {
  const onError = (error: unknown, what: string): void => void trouble.push({ error, what });
  const outbox = new Outbox({ db: through, transport, newId: () => ids.uuid(), onError });
  outboxes.push(outbox);
  return outbox;
}

function envelope(body: unknown): Envelope {
  const time = new Date(systemClock.now()).toISOString();
  const id = ids.next('msg');
  const about = {
    id,
    type: 'spec.happened',
    source: 'spec',
    subject: 'pay_1',
    time,
    tenant: 'ten_1',
    mode: 'test',
    schema: 1,
  } as const;
  return { ...about, topic: 'events', key: 'pay_1', body };
}

/** Writes rows as the statement of a use case does, and commits; `agoMs` moves their birth into the past. */
async function commit(rows: readonly OutboxRow[], agoMs = 0): Promise<void> {
  await db.query(
    `INSERT INTO outbox (id, topic, consumer, key, headers, body, created_at)
     SELECT id, topic, consumer, key, headers, body, now() - $2 * interval '1 ms'
       FROM jsonb_to_recordset($1::jsonb) AS row(id uuid, topic text, consumer text, key text, headers jsonb, body jsonb)`,
    [JSON.stringify(rows), agoMs],
  );
}

/** The same server, another database: from there this one can be closed to newcomers. */
function clusterUrl(): string {
  const url = new URL(database.adminUrl);
  url.pathname = '/postgres';
  return url.toString();
}

const rowsFor = (outbox: Outbox, ...bodies: readonly unknown[]): OutboxRow[] =>
  bodies.flatMap((body) => outbox.rowsFor(envelope(body)));

const left = async (): Promise<number> =>
  (await db.query<{ count: number }>('SELECT count(*) FROM outbox'))[0]?.count ?? -1;
const emptied = (): Promise<boolean> => waitFor('an empty outbox', async () => (await left()) === 0);
const age = (ms: number): Promise<unknown[]> =>
  db.query(
    `UPDATE outbox SET created_at = created_at - $1 * interval '1 ms', claimed_until = claimed_until - $1 * interval '1 ms'`,
    [ms],
  );

describe('a message after its commit', () => {
  it('leaves at once and its row goes when the transport says that it is safe, not before', async () => {
    const transport = new ScriptedTransport();
    transport.answer = undefined;
    const outbox = outboxWith(transport);
    const rows = rowsFor(outbox, 'first', 'second');
    await commit(rows);
    outbox.publish(rows);
    expect(transport.bodies).toEqual(['first', 'second']);

    transport.carried[0]?.settle(true);
    await waitFor('the first row to go', async () => (await left()) === 1);
    expect(await db.query('SELECT body FROM outbox')).toEqual([{ body: 'second' }]);
    transport.carried[1]?.settle(true);
    await emptied();
  });

  it('is one row for each consumer, with an id of its own', () => {
    const outbox = outboxWith(new ScriptedTransport(['gateway', 'fiscal']));
    const sent = envelope({ sum: 1 });
    const rows = outbox.rowsFor(sent);
    expect(rows.map(({ consumer, topic, key, body }) => ({ consumer, topic, key, body }))).toEqual([
      { consumer: 'gateway', topic: 'events', key: 'pay_1', body: { sum: 1 } },
      { consumer: 'fiscal', topic: 'events', key: 'pay_1', body: { sum: 1 } },
    ]);
    expect(new Set(rows.map((row) => row.id)).size).toBe(2);
  });

  it('comes out of the database as the same envelope that went in', async () => {
    const carried: Envelope[] = [];
    const sent = { ...envelope({ sum: 1, text: 'төлем ₸ "quoted"' }), traceparent: '00-aa-bb-01', tenant: null };
    const transport = new ScriptedTransport();
    const send = transport.send.bind(transport);
    transport.send = (messages) => {
      carried.push(...messages.map((message) => message.envelope));
      return send(messages);
    };
    const outbox = outboxWith(transport);
    await commit(outbox.rowsFor(sent), 5_000);
    expect(await outbox.relayOnce()).toBe(1);
    expect(carried).toEqual([sent]);
  });

  it('is not handed over again while the transport holds it, however often the relay comes past', async () => {
    const transport = new ScriptedTransport();
    transport.answer = undefined;
    const outbox = outboxWith(transport);
    await commit(rowsFor(outbox, 'held'), 5_000);
    for (let round = 0; round < 5; round += 1) {
      expect(await outbox.relayOnce()).toBe(1);
      await age(60_000);
    }
    expect(transport.bodies).toEqual(['held']);

    transport.carried[0]?.settle(false);
    await waitFor('the row to be carried again', async () => {
      await age(60_000);
      await outbox.relayOnce();
      return transport.bodies.length === 2;
    });
    transport.carried[1]?.settle(true);
    await emptied();
  });

  it('is left to the next start when the outbox has stopped', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    const rows = rowsFor(outbox, 'late');
    await commit(rows);
    await outbox.stop();
    outbox.publish(rows);
    expect(transport.bodies).toEqual([]);
    expect(await left()).toBe(1);

    const successor = outboxWith(transport);
    await age(1_500);
    expect(await successor.relayOnce()).toBe(1);
    await emptied();
  });

  it('whose headers nobody can read is reported, and neither the caller nor its neighbours suffer', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    const [broken, good] = rowsFor(outbox, 'broken', 'good');
    if (broken === undefined || good === undefined) throw new Error('two rows were made');
    const rows = [{ ...broken, headers: { ce_id: 'x' } }, good];
    await commit(rows, 5_000);
    outbox.publish(rows);
    expect(transport.bodies).toEqual(['good']);
    await waitFor('the good row to go', async () => (await left()) === 1);

    await commit(rowsFor(outbox, 'next'), 5_000);
    expect(await outbox.relayOnce()).toBe(2);
    expect(transport.bodies).toEqual(['good', 'next']);
    expect(trouble.map(({ what }) => what)).toEqual([`outbox row ${broken.id}`, `outbox row ${broken.id}`]);
    // It is 5 s old and stays; for the age of what waits it counts no more than one that is held back.
    await waitFor('the next row to go', async () => (await left()) === 1);
    expect(await outbox.oldestAgeMs()).toBe(0);
  });
});

describe('the relay', () => {
  it('sends what a crash between commit and publish left behind, once it is older than a second', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    await commit(rowsFor(outbox, 'orphan'));
    expect(await outbox.relayOnce()).toBe(0);
    await age(1_001);
    expect(await outbox.relayOnce()).toBe(1);
    expect(transport.bodies).toEqual(['orphan']);
    await emptied();
  });

  it('does so by itself once it was started', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    await commit(rowsFor(outbox, 'orphan'), 5_000);
    outbox.start();
    await emptied();
    expect(transport.bodies).toEqual(['orphan']);
  });

  it('looks once a second while everything leaves by itself, and five times a second after any trouble', async () => {
    const transport = new ScriptedTransport();
    const waits: number[] = [];
    let look = (): void => undefined;
    const outbox = new Outbox({
      ...{ db, transport, newId: () => ids.uuid(), onError: () => undefined },
      after(ms, then) {
        waits.push(ms);
        look = then;
        return () => undefined;
      },
    });
    outboxes.push(outbox);
    const waitAfterLooks = async (count: number): Promise<number | undefined> => {
      for (let n = 0; n < count; n += 1) {
        const before = waits.length;
        look();
        await waitFor('the end of the look', () => waits.length > before);
      }
      return waits.at(-1);
    };
    outbox.start();
    // A process that has begun may find what its forerunner left.
    expect(waits).toEqual([200]);
    expect(await waitAfterLooks(19)).toBe(200);
    expect(await waitAfterLooks(1)).toBe(1_000);

    await commit(rowsFor(outbox, 'orphan'), 5_000);
    expect(await waitAfterLooks(1)).toBe(200);
    await emptied();
    expect(await waitAfterLooks(20)).toBe(1_000);

    transport.answer = false;
    const rows = rowsFor(outbox, 'refused');
    await commit(rows);
    outbox.publish(rows);
    expect(await waitAfterLooks(1)).toBe(200);
    transport.answer = true;
  });

  it('leaves what it sent alone for three seconds and then brings what is still not safe again', async () => {
    const transport = new ScriptedTransport();
    transport.answer = false;
    const outbox = outboxWith(transport);
    await commit(rowsFor(outbox, 'stubborn'), 5_000);
    expect(await outbox.relayOnce()).toBe(1);
    expect(await outbox.relayOnce()).toBe(0);
    await age(2_000);
    expect(await outbox.relayOnce()).toBe(0);
    await age(1_001);
    transport.answer = true;
    expect(await outbox.relayOnce()).toBe(1);
    expect(transport.bodies).toEqual(['stubborn', 'stubborn']);
    await emptied();
  });

  it('takes over at once what a dead process wrote or claimed, where no other process runs', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    await commit(rowsFor(outbox, 'claimed'), 5_000);
    transport.answer = false;
    expect(await outbox.relayOnce()).toBe(1);
    await commit(rowsFor(outbox, 'young'), 0);
    transport.answer = true;
    await outbox.takeOver();
    expect(transport.bodies).toEqual(['claimed', 'claimed', 'young']);
    await emptied();
  });

  it('does not wait for a row that somebody else holds: it takes the others', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    await commit(rowsFor(outbox, 'held', 'free'), 5_000);
    await db.transaction(async (manager) => {
      await manager.query(`SELECT FROM outbox WHERE body = '"held"' FOR UPDATE`);
      expect(await outbox.relayOnce()).toBe(1);
      expect(transport.bodies).toEqual(['free']);
    });
    expect(await outbox.relayOnce()).toBe(1);
    expect(transport.bodies).toEqual(['free', 'held']);
  });

  it('has ended when stop() resolves: nothing is carried afterwards', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    await commit(rowsFor(outbox, 'last'), 5_000);
    const heard: string[] = [];
    const stopListening = db.onRoundTrip((sql) => heard.push(sql));
    let stopped = false;
    const { stopping } = await admin.transaction(async (manager) => {
      await manager.query('LOCK TABLE persistence_spec.outbox IN ACCESS EXCLUSIVE MODE');
      outbox.start();
      await waitFor('the relay to ask', () => heard.some((sql) => sql.startsWith('UPDATE')));
      const ending = outbox.stop().then(() => (stopped = true));
      await manager.query('SELECT 1');
      expect(stopped).toBe(false);
      return { stopping: ending };
    });
    await stopping;
    stopListening();
    expect(transport.bodies).toEqual(['last']);
  });

  it('sends the oldest first, and messages of one commit in the order in which they were made', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    const made = rowsFor(outbox, ...Array.from({ length: 40 }, (_, index) => index));
    await commit(made.slice(20).toReversed(), 4_000);
    await commit(made.slice(0, 20).toReversed(), 8_000);
    await outbox.relayOnce();
    expect(transport.bodies).toEqual(made.map((row) => row.body));
  });

  it('sends messages of one commit in that order also where they are more than it takes at once', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    const made = rowsFor(outbox, ...Array.from({ length: 600 }, (_, index) => index));
    await commit(made.toReversed(), 5_000);
    expect([await outbox.relayOnce(), await outbox.relayOnce()]).toEqual([500, 100]);
    expect(transport.bodies).toEqual(made.map((row) => row.body));
  });

  it('never takes a row that another relay has taken', async () => {
    const transports = [1, 2, 3, 4].map(() => new ScriptedTransport());
    const relays = transports.map((transport) => outboxWith(transport));
    const [first] = relays;
    if (first === undefined) throw new Error('four relays were made');
    for (const transport of transports) transport.answer = undefined;
    await commit(rowsFor(first, ...Array.from({ length: 1_800 }, (_, index) => index)), 5_000);
    const taken = await Promise.all(relays.map((relay) => relay.relayOnce()));
    const carried = transports.flatMap((transport) => transport.carried.map((message) => message.id));
    expect(taken.reduce((sum, count) => sum + count, 0)).toBe(carried.length);
    expect(new Set(carried).size).toBe(carried.length);
    expect(carried.length).toBeGreaterThanOrEqual(500);
  });

  it('drains 5,000 rows without losing or repeating one, and removes them in batches', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    const rows = rowsFor(outbox, ...Array.from({ length: 5_000 }, (_, index) => index));
    await commit(rows, 5_000);
    const heard: string[] = [];
    const stop = db.onRoundTrip((sql) => heard.push(sql));
    outbox.start();
    await waitFor('all of them to be carried', () => transport.carried.length >= 5_000);
    await emptied();
    stop();
    expect(transport.bodies.toSorted((a, b) => Number(a) - Number(b))).toEqual(rows.map((row) => row.body));
    expect(heard.filter((sql) => sql.startsWith('DELETE')).length).toBeLessThanOrEqual(25);
    expect(trouble).toEqual([]);
  });

  it('goes on after the database was away', async () => {
    const transport = new ScriptedTransport();
    const own = await Database.connect({ url: database.urlOf(WORKER), applicationName: 'doomed relay' });
    const outbox = outboxWith(transport, own);
    await own.query('SELECT 1');
    const cluster = await Database.connect({ url: clusterUrl(), applicationName: 'switch' });
    await cluster.query(`ALTER DATABASE ${database.name} ALLOW_CONNECTIONS false`);
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'doomed relay'`);
    outbox.start();
    await waitFor('the relay to notice', () => trouble.some(({ what }) => what === 'outbox relay'));
    await cluster.query(`ALTER DATABASE ${database.name} ALLOW_CONNECTIONS true`);
    await cluster.close();
    await commit(rowsFor(outbox, 'patient'), 5_000);
    await waitFor('the message to leave', () => transport.bodies.includes('patient'));
    await outbox.stop();
    await own.close();
  });
});

describe('removing rows', () => {
  it('takes one statement for all that became safe within a moment', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    const rows = rowsFor(outbox, ...Array.from({ length: 100 }, (_, index) => index));
    await commit(rows);
    const heard: string[] = [];
    const stop = db.onRoundTrip((sql) => heard.push(sql));
    for (const row of rows) outbox.publish([row]);
    await waitFor('the removal', () => heard.some((sql) => sql.startsWith('DELETE')));
    await outbox.stop();
    stop();
    expect(heard).toHaveLength(1);
    expect(await left()).toBe(0);
  });

  it('is waited for by the relay: what is safe is not sent again meanwhile, however old it is', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    const rows = rowsFor(outbox, 'safe');
    await commit(rows, 5_000);
    outbox.publish(rows);
    await outbox.relayOnce();
    await emptied();
    expect(transport.bodies).toEqual(['safe']);
  });

  it('is finished when stop() resolves, even one that was on its way already', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    const many = rowsFor(outbox, ...Array.from({ length: 700 }, (_, index) => index));
    await commit(many);
    const heard: string[] = [];
    const stopListening = db.onRoundTrip((sql) => heard.push(sql));
    let stopped = false;
    const { stopping } = await admin.transaction(async (manager) => {
      // The removal of the first batch waits for this row.
      await manager.query('SELECT FROM persistence_spec.outbox WHERE id = $1 FOR UPDATE', [many[0]?.id]);
      outbox.publish(many);
      await waitFor('a removal under way', () => heard.some((sql) => sql.startsWith('DELETE')));
      const ending = outbox.stop().then(() => (stopped = true));
      await waitFor('the server to wait', async () => {
        const waiting = await admin.query(
          `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'DELETE FROM outbox%' AND datname = $1`,
          [database.name],
        );
        return waiting.length > 0;
      });
      expect(stopped).toBe(false);
      return { stopping: ending };
    });
    await stopping;
    stopListening();
    expect(await left()).toBe(0);
  });

  it('never touches a message that is not safe, not even when everything is put in order at the end', async () => {
    const transport = new ScriptedTransport();
    transport.answer = false;
    const outbox = outboxWith(transport);
    const rows = rowsFor(outbox, 'not safe');
    await commit(rows);
    outbox.publish(rows);
    await outbox.stop();
    expect(await left()).toBe(1);
  });

  it('that fails because the database is away loses nothing: the message stays and comes again', async () => {
    const transport = new ScriptedTransport();
    const doomed = await Database.connect({ url: database.urlOf(WORKER), applicationName: 'doomed' });
    const outbox = outboxWith(transport, doomed);
    const rows = rowsFor(outbox, 'kept');
    await commit(rows);
    await doomed.close();
    outbox.publish(rows);
    await waitFor('the removal to fail', () => trouble.some(({ what }) => what === 'outbox removal'));
    expect(await left()).toBe(1);

    const successor = outboxWith(transport);
    await age(1_500);
    expect(await successor.relayOnce()).toBe(1);
    await emptied();
    expect(transport.bodies).toEqual(['kept', 'kept']);
  });

  it('that is refused leaves all that was safe to the relay of this process, and it goes with the next one', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    const rows = rowsFor(outbox, ...Array.from({ length: 600 }, (_, index) => index));
    await commit(rows, 5_000);
    await admin.query(`REVOKE DELETE ON persistence_spec.outbox FROM ${WORKER}`);
    outbox.publish(rows);
    await waitFor('the removal to fail', () => trouble.some(({ what }) => what === 'outbox removal'));
    await admin.query(`GRANT DELETE ON persistence_spec.outbox TO ${WORKER}`);
    expect([await outbox.relayOnce(), await outbox.relayOnce()]).toEqual([500, 100]);
    expect(transport.bodies).toHaveLength(1_200);
    await emptied();
  });
});

describe('the age of the oldest message', () => {
  it('is zero where none waits and counts from the oldest commit otherwise', async () => {
    const outbox = outboxWith(new ScriptedTransport());
    expect(await outbox.oldestAgeMs()).toBe(0);
    await commit(rowsFor(outbox, 'young'), 1_000);
    await commit(rowsFor(outbox, 'old'), 60_000);
    const oldest = await outbox.oldestAgeMs();
    expect(oldest).toBeGreaterThanOrEqual(60_000);
    expect(oldest).toBeLessThan(90_000);
  });

  it('leaves out what is held back for a reason of its own: one poisoned message is no clogged bus', async () => {
    const transport = new ScriptedTransport();
    const outbox = outboxWith(transport);
    const [poison, ...fine] = rowsFor(outbox, 'poison', 'fine');
    if (poison === undefined) throw new Error('two rows were made');
    await commit([poison], 60_000);
    transport.heldBack = () => [poison.id];
    expect(await outbox.oldestAgeMs()).toBe(0);
    await commit(fine, 5_000);
    const oldest = await outbox.oldestAgeMs();
    expect(oldest).toBeGreaterThanOrEqual(5_000);
    expect(oldest).toBeLessThan(60_000);
  });
});
