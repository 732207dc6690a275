import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { envelopeOf } from '@tolem/contracts';
import { IdFactory, systemClock } from '@tolem/domain';
import { Database, migrate, OUTBOX_MIGRATIONS, roleOfUrl } from '@tolem/persistence';
import { testDatabase, type TestDatabase } from '@tolem/testing';
import { DeadLetterTable } from '../src/index.ts';
import { message } from './messages.ts';

const ROLE = 'messaging_letters_worker';
const ids = new IdFactory(systemClock);

let database: TestDatabase;
let db: Database;
let table: DeadLetterTable;

beforeAll(async () => {
  database = await testDatabase({
    name: 'messaging_letters',
    migrate: async ({ adminUrl, urlOf }) =>
      void (await migrate({
        adminUrl,
        schema: 'messaging_letters',
        roles: [roleOfUrl(urlOf(ROLE))],
        directories: [OUTBOX_MIGRATIONS],
        names: { worker: ROLE },
      })),
  });
  db = await Database.connect({ url: database.urlOf(ROLE), applicationName: 'dead letter spec' });
  table = new DeadLetterTable(db, 'gateway', () => ids.uuid());
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await db.query('DELETE FROM dead_letter');
});

interface Letter {
  consumer: string;
  topic: string;
  key: string;
  headers: unknown;
  body: unknown;
  reason: string;
}
const letters = (): Promise<Letter[]> =>
  db.query<Letter & Record<string, unknown>>('SELECT * FROM dead_letter ORDER BY id');

describe('a dead letter', () => {
  it('keeps the whole message, so that it can be played again, with consumer and reason', async () => {
    const sent = message({ sum: 149_000, text: 'төлем ₸ "x" \\u0000 \\' }, { traceparent: '00-a-b-01' });
    await table.add(sent, 'TypeError: no');
    const [letter] = await letters();
    expect(letter).toMatchObject({ consumer: 'gateway', reason: 'TypeError: no' });
    expect(envelopeOf(letter?.topic ?? '', letter?.key ?? '', letter?.headers, letter?.body)).toEqual(sent);
  });

  it.each([
    ['nothing', undefined, null],
    ['null', null, null],
    ['a text', 'plain', 'plain'],
    [
      'text that PostgreSQL cannot hold',
      { ['k\0']: ['a\0b', '\uD800', '\\\0'] },
      { 'k\uFFFD': ['a\uFFFDb', '\uFFFD', '\\\uFFFD'] },
    ],
    ['pairs of surrogates', '😀', '😀'],
  ])('can be written whatever its body is: %s', async (_, body, kept) => {
    await table.add(message(body), 'broken\0reason');
    expect((await letters()).map((letter) => ({ body: letter.body, reason: letter.reason }))).toEqual([
      { body: kept, reason: 'broken\uFFFDreason' },
    ]);
  });

  it('keeps only the beginning of an endless reason', async () => {
    await table.add(message(1), 'x'.repeat(1_000_000));
    expect((await letters()).map((letter) => letter.reason)).toEqual(['x'.repeat(2_000)]);
  });

  it('is written again when the same message dies twice', async () => {
    const sent = message(1);
    await table.add(sent, 'first');
    await table.add(sent, 'second');
    expect((await letters()).map((letter) => letter.reason)).toEqual(['first', 'second']);
  });
});
