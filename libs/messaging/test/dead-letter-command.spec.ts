import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { envelopeOf, type Envelope } from '@tolem/contracts';
import { IdFactory, systemClock } from '@tolem/domain';
import { Database, migrate, Outbox, OUTBOX_MIGRATIONS, roleOfUrl } from '@tolem/persistence';
import { testDatabase, type TestDatabase, waitFor } from '@tolem/testing';
import { DeadLetterTable, Dispatcher, InProcessBus, runDeadLettersCommand, type Subscription } from '../src/index.ts';
import { message } from './messages.ts';

const ROLE = 'messaging_replay_worker';
const ABSENT = '0193a1b2-0000-7000-8000-000000000000';
const ids = new IdFactory(systemClock);

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await testDatabase({
    name: 'messaging_replay',
    migrate: async ({ adminUrl, urlOf }) =>
      void (await migrate({
        adminUrl,
        schema: 'messaging_replay',
        roles: [roleOfUrl(urlOf(ROLE))],
        directories: [OUTBOX_MIGRATIONS],
        names: { worker: ROLE },
      })),
  });
  db = await Database.connect({ url: database.urlOf(ROLE), applicationName: 'replay spec' });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await db.query('WITH gone AS (DELETE FROM outbox) DELETE FROM dead_letter');
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

async function run(...args: readonly string[]): Promise<Ran> {
  let [out, error] = ['', ''];
  const code = await runDeadLettersCommand({
    service: 'gateway',
    args,
    db: () => Database.connect({ url: database.urlOf(ROLE), applicationName: 'dead letters', poolSize: 2 }),
    output: { out: (text) => (out += text), error: (text) => (error += text) },
  });
  return { code, out, error };
}

async function bury(envelope: Envelope, reason = 'TypeError: no', consumer = 'gateway'): Promise<string> {
  const id = ids.uuid();
  await new DeadLetterTable(db, consumer, () => id).add(envelope, reason);
  return id;
}
const letterIds = async (): Promise<string[]> =>
  (await db.query<{ id: string }>('SELECT id FROM dead_letter ORDER BY id')).map((row) => row.id);
interface Stored {
  id: string;
  consumer: string;
  topic: string;
  key: string;
  headers: unknown;
  body: unknown;
}
const stored = (): Promise<Stored[]> => db.query<Stored & Record<string, unknown>>('SELECT * FROM outbox ORDER BY id');

describe('list', () => {
  it('shows the newest first, one line each, and how many there are', async () => {
    const old = await bury(message(1, { type: 'a', key: 'pay_1' }), 'Error: one\nat line 2');
    const young = await bury(message(2, { type: 'b', key: 'pay_2' }), 'Error: two');
    await db.query(
      `UPDATE dead_letter SET created_at = '2026-11-22T10:00:00Z'::timestamptz + (id = $1)::int * interval '1 s'`,
      [young],
    );
    expect(await run('list')).toEqual({
      code: 0,
      error: '',
      out: [
        `${young}  2026-11-22T10:00:01.000Z  b  pay_2  Error: two`,
        `${old}  2026-11-22T10:00:00.000Z  a  pay_1  Error: one at line 2`,
        '2 dead letters.\n',
      ].join('\n'),
    });
    const { out } = await run('list', '--limit', '1');
    expect(out).toMatch(new RegExp(`^${young} .*\n2 dead letters, the newest 1 shown\\.\n$`));
    expect((await run('list', '--type', 'a')).out).toMatch(new RegExp(`^${old} .*\n1 dead letter\\.\n$`));
  });

  it('gives programs one JSON object per line, the whole letter', async () => {
    const sent = message({ sum: 149_000 });
    const id = await bury(sent);
    const { out, code } = await run('list', '--json');
    const [line, rest] = out.split('\n');
    const letter = JSON.parse(line ?? '') as Stored;
    expect(rest).toBe('');
    expect(code).toBe(0);
    expect(letter).toMatchObject({ id, consumer: 'gateway', reason: 'TypeError: no' });
    expect(envelopeOf(letter.topic, letter.key, letter.headers, letter.body)).toEqual(sent);
  });

  it('says so where there are none, and lists a letter whose headers nobody can read', async () => {
    expect((await run('list')).out).toBe('0 dead letters.\n');
    expect((await run('list', '--json')).out).toBe('');
    await bury(message(1));
    await db.query(`UPDATE dead_letter SET headers = '{}'`);
    expect((await run('list')).out).toContain('  ?  pay_1');
  });

  it('lets no control characters of a message reach the terminal', async () => {
    await bury(message(1), 'Error: \u001b[2Jgone\u0007\r');
    expect((await run('list')).out).toContain('Error:  [2Jgone  \n');
  });
});

describe('show', () => {
  it('prints one letter in full, and fails where there is none', async () => {
    const id = await bury(message({ sum: 1 }), 'x'.repeat(1_000));
    const { out, code } = await run('show', id.toUpperCase());
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ id, reason: 'x'.repeat(1_000), body: { sum: 1 } });
    expect(await run('show', ABSENT)).toEqual({ code: 1, out: '', error: `No dead letter has the id ${ABSENT}.\n` });
  });
});

describe('replay', () => {
  it('stores the message as it was sent, for the consumer that could not handle it, and the letter goes', async () => {
    const sent = message({ sum: 149_000, text: 'төлем ₸' }, { traceparent: '00-a-b-01' });
    const id = await bury(sent);
    const other = await bury(message('stays'));
    expect(await run('replay', id)).toEqual({ code: 0, out: '1 dead letter given back.\n', error: '' });
    expect(await letterIds()).toEqual([other]);
    const [row, ...more] = await stored();
    expect(more).toEqual([]);
    expect(row).toMatchObject({ consumer: 'gateway' });
    expect(envelopeOf(row?.topic ?? '', row?.key ?? '', row?.headers, row?.body)).toEqual(sent);
  });

  it('repeated does nothing: the message is stored once, even by two people at once', async () => {
    const id = await bury(message('once'));
    const runs = await Promise.all([run('replay', id), run('replay', id, id), run('replay', '--all')]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await run('replay', id)).toEqual({
      code: 0,
      out: '0 dead letters given back.\n',
      error: `${id} is no dead letter (any more).\n`,
    });
    expect(await stored()).toHaveLength(1);
    expect(await letterIds()).toEqual([]);
  });

  it('keeps the letter where its message cannot be stored', async () => {
    const id = await bury(message('kept'));
    await db.query(
      `INSERT INTO outbox (id, topic, key, headers, body) SELECT id, topic, key, headers, body FROM dead_letter`,
    );
    const { code, error } = await run('replay', id);
    expect(code).toBe(1);
    expect(error).toContain('outbox_pkey');
    expect(await letterIds()).toEqual([id]);
  });

  it('of all takes the oldest first, of one type where one is named, however many there are', async () => {
    await db.query(
      `INSERT INTO dead_letter (id, consumer, topic, key, headers, body, reason, created_at)
       SELECT gen_random_uuid(), 'gateway', 'events', 'k', jsonb_build_object('ce_type', CASE WHEN n > 1200 THEN 'b' ELSE 'a' END),
              to_jsonb(n), 'r', now() - n * interval '1 s' FROM generate_series(1, 1210) n`,
    );
    expect((await run('replay', '--all', '--type', 'a')).out).toBe('1200 dead letters given back.\n');
    expect(await letterIds()).toHaveLength(10);
    expect((await run('replay', '--all')).out).toBe('10 dead letters given back.\n');
    expect(await stored()).toHaveLength(1_210);
    // The first statement took the five hundred oldest of the type.
    const first = await db.query<{ body: number }>(
      'SELECT body FROM outbox WHERE created_at = (SELECT min(created_at) FROM outbox) ORDER BY body',
    );
    expect(first.map((row) => row.body)).toEqual(Array.from({ length: 500 }, (_, n) => 701 + n));
  });

  it('of all leaves alone what dies while it runs', async () => {
    await bury(message('before'));
    await bury(message('meanwhile'));
    await db.query(`UPDATE dead_letter SET created_at = now() + interval '1 min' WHERE body = '"meanwhile"'`);
    expect((await run('replay', '--all')).out).toBe('1 dead letter given back.\n');
    expect(await letterIds()).toHaveLength(1);
  });
});

describe('a command that is not understood', () => {
  it.each([
    ['nothing at all', [], 'Say what to do'],
    ['another verb', ['bury'], 'Unknown command bury.'],
    ['an unknown option', ['list', '--force'], '--force'],
    ['an option of another verb', ['show', ABSENT, '--json'], '--json does not go with show'],
    ['a type for single letters', ['replay', ABSENT, '--type', 'a'], '--type does not go with replay'],
    ['a limit that is no number', ['list', '--limit', 'all'], '--limit wants a whole number'],
    ['a limit of none', ['list', '--limit', '0'], '--limit wants a whole number'],
    ['an id that is none', ['show', "'; DROP TABLE"], 'is no id of a dead letter'],
    ['no id', ['show'], 'show takes one id'],
    ['nothing to replay', ['replay'], 'replay wants ids, or --all'],
    ['all and one', ['replay', '--all', ABSENT], 'not both'],
  ])('says what is wrong, touches nothing and ends with 2: %s', async (_, args, words) => {
    await bury(message(1));
    const { code, out, error } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(error).toContain(words);
    expect(error).toContain('See --help.');
    expect(await stored()).toEqual([]);
  });

  it('is explained by --help, which needs no database', async () => {
    const { code, out } = await run('replay', '--help');
    expect(code).toBe(0);
    expect(out).toContain('Usage: node dead-letters.js list');
    let asked = 0;
    const db = async (): Promise<Database> => {
      asked += 1;
      throw new Error('no database');
    };
    const output = { out: () => undefined, error: () => undefined };
    await runDeadLettersCommand({ service: 'gateway', args: ['--help'], db, output });
    await runDeadLettersCommand({ service: 'gateway', args: ['nonsense'], db, output });
    expect(asked).toBe(0);
    expect(await runDeadLettersCommand({ service: 'gateway', args: ['list'], db, output })).toBe(1);
  });
});

describe('a dead letter and the service that it belongs to', () => {
  /** A service as it runs: handlers behind a dispatcher, and the relay of its own outbox. */
  const subscriptions: Subscription[] = [];
  let bus: InProcessBus;
  let outbox: Outbox;
  let broken: boolean;
  let handled: Record<string, unknown[]>;

  beforeEach(() => {
    broken = true;
    handled = { gateway: [], fiscal: [] };
    bus = new InProcessBus({ topology: { events: ['gateway', 'fiscal'] }, onError: () => undefined });
    outbox = new Outbox({ db, transport: bus, newId: () => ids.uuid(), onError: () => undefined });
    for (const consumer of ['gateway', 'fiscal']) {
      const handle = async (batch: readonly Envelope[]): Promise<void> => {
        if (broken && consumer === 'gateway' && batch.some(({ body }) => body === 'poison'))
          throw new TypeError('a bug');
        handled[consumer]?.push(...batch.map(({ body }) => body));
      };
      const letters = new DeadLetterTable(db, consumer, () => ids.uuid());
      const dispatcher = new Dispatcher([{ types: ['spec.happened'], handle }], letters, () => undefined);
      subscriptions.push(bus.subscribe(consumer, ['events'], (batch) => dispatcher.deliver(batch)));
    }
    outbox.start();
  });
  afterEach(async () => {
    await Promise.all(subscriptions.splice(0).map((subscription) => subscription.close()));
    await outbox.stop();
  });

  const age = (): Promise<unknown> =>
    db.query(`UPDATE outbox SET created_at = created_at - interval '2 s', claimed_until = NULL`);
  async function send(...envelopes: readonly Envelope[]): Promise<void> {
    const rows = envelopes.flatMap((envelope) => outbox.rowsFor(envelope));
    await db.query(
      `INSERT INTO outbox (id, topic, consumer, key, headers, body)
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS row(id uuid, topic text, consumer text, key text, headers jsonb, body jsonb)`,
      [JSON.stringify(rows)],
    );
    outbox.publish(rows);
  }
  const tried = (outcome: string): Promise<unknown> =>
    waitFor(outcome, async () => {
      await age();
      return (await stored()).length === 0;
    });

  it('find each other again: once the bug is mended, a replay brings the message to that consumer alone, once', async () => {
    await send(message('fine'), message('poison'));
    await tried('the dead letter');
    const [id = ''] = await letterIds();
    expect(bus.stats()['gateway']?.deadLettered).toBe(1);
    expect(handled).toEqual({ gateway: ['fine'], fiscal: ['fine', 'poison'] });

    broken = false;
    expect((await run('replay', id)).code).toBe(0);
    await tried('the replayed message');
    expect(handled).toEqual({ gateway: ['fine', 'poison'], fiscal: ['fine', 'poison'] });
    expect(await letterIds()).toEqual([]);
    expect((await run('replay', id)).code).toBe(0);
    await tried('nothing');
    expect(handled['gateway']).toEqual(['fine', 'poison']);
  });

  it('part again where the bug is still there: five more deliveries, then a dead letter as before', async () => {
    await send(message('poison'));
    await tried('the dead letter');
    await run('replay', '--all');
    await tried('the second dead letter');
    expect(await letterIds()).toHaveLength(1);
    expect(bus.stats()['gateway']?.deadLettered).toBe(2);
    expect(handled['gateway']).toEqual([]);
  });

  it('do not make the outbox look clogged while the message is tried', async () => {
    await send(message('poison'));
    await age();
    await waitFor(
      'the message to be held back',
      async () => bus.heldBack().length === 1 && (await outbox.oldestAgeMs()) === 0,
    );
    expect(await stored()).toHaveLength(1);
  });
});
