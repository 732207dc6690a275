import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase, waitFor } from '@tolem/testing';
import { brokenConstraint, Database, isInfrastructureTrouble } from '../src/index.ts';
import { APP, WORKER, withTables } from './spec-service.ts';

const ALMA = randomUUID();
const ASTANA = randomUUID();

let database: TestDatabase;
let app: Database;
let worker: Database;
let admin: Database;

beforeAll(async () => {
  database = await testDatabase(withTables);
  // One connection, so that whoever comes next is sure to get the one that was used before.
  app = await Database.connect({ url: database.urlOf(APP), applicationName: 'spec app', poolSize: 1 });
  worker = await Database.connect({ url: database.urlOf(WORKER), applicationName: 'spec worker' });
  admin = await Database.connect({ url: database.adminUrl, applicationName: 'spec admin' });
});
afterAll(async () => {
  await Promise.all([app.close(), worker.close(), admin.close()]);
  await database.drop();
});
beforeEach(async () => {
  await worker.query('DELETE FROM note');
  await worker.query('INSERT INTO note VALUES (1, $1, $2), (2, $3, $4)', [ALMA, 'of Alma', ASTANA, 'of Astana']);
});

const texts = (rows: readonly { text: string }[]): string[] => rows.map((row) => row.text);
const NOTES = 'SELECT text FROM note ORDER BY id';

describe('a tenant', () => {
  it('sees its own rows and no other', async () => {
    expect(texts(await app.asTenant(ALMA, (manager) => manager.query(NOTES)))).toEqual(['of Alma']);
    expect(texts(await app.asTenant(ASTANA, (manager) => manager.query(NOTES)))).toEqual(['of Astana']);
  });

  it('cannot write a row for another, change one or delete one', async () => {
    await expect(
      app.asTenant(ALMA, (manager) => manager.query(`INSERT INTO note VALUES (3, $1, 'planted')`, [ASTANA])),
    ).rejects.toMatchObject({ code: '42501' });
    await app.asTenant(ALMA, async (manager) => {
      await manager.query(`UPDATE note SET text = text || '!'`);
      await manager.query('DELETE FROM note WHERE id = 2');
    });
    expect(texts(await worker.query<{ text: string }>(NOTES))).toEqual(['of Alma!', 'of Astana']);
  });

  it('is forgotten at the end of its transaction: the next user of the same connection sees nothing', async () => {
    const pids = new Set<number>();
    const SQL = 'SELECT pg_backend_pid() AS pid, (SELECT count(*) FROM note) AS notes';
    await app.asTenant(ALMA, async (manager) => {
      const [row]: { pid: number; notes: number }[] = await manager.query(SQL);
      expect(row?.notes).toBe(1);
      pids.add(row?.pid ?? 0);
    });
    const [next] = await app.query<{ pid: number; notes: number }>(SQL);
    pids.add(next?.pid ?? 0);
    await app.transaction(async (manager) => {
      const [row]: { pid: number; notes: number }[] = await manager.query(SQL);
      expect(row?.notes).toBe(0);
    });
    expect(next?.notes).toBe(0);
    expect(pids.size).toBe(1);
  });

  it('is forgotten after a failure too', async () => {
    await expect(app.asTenant(ALMA, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await app.query(NOTES)).toEqual([]);
  });
});

describe('a transaction', () => {
  it('keeps everything or nothing', async () => {
    const failed = worker.transaction(async (manager) => {
      await manager.query(`INSERT INTO note VALUES (3, $1, 'third')`, [ALMA]);
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow('changed my mind');
    expect(texts(await worker.query<{ text: string }>(NOTES))).toEqual(['of Alma', 'of Astana']);
    await worker.transaction((manager) => manager.query(`INSERT INTO note VALUES (3, $1, 'third')`, [ALMA]));
    expect(texts(await worker.query<{ text: string }>(NOTES))).toEqual(['of Alma', 'of Astana', 'third']);
  });
});

describe('reading numbers', () => {
  it('gives bigint columns and counts as exact integers', async () => {
    expect(
      await worker.query(
        `SELECT 9007199254740991::int8 AS most, (-5)::int8 AS less, NULL::int8 AS none, count(*) FROM note`,
      ),
    ).toEqual([{ most: Number.MAX_SAFE_INTEGER, less: -5, none: null, count: 2 }]);
  });

  it('fails on what a number cannot hold, instead of rounding it, and the connection stays usable', async () => {
    await expect(app.query('SELECT 9007199254740993::int8 AS sum')).rejects.toThrow('does not fit into a safe integer');
    expect(await app.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('does so in transactions as well', async () => {
    expect(await worker.transaction((manager) => manager.query('SELECT 5::int8 AS sum'))).toEqual([{ sum: 5 }]);
  });
});

describe('counting round trips', () => {
  it('hears of every statement once, those that open and end a transaction included, until it stops listening', async () => {
    const heard: string[] = [];
    const stop = app.onRoundTrip((sql) => heard.push(sql));
    await app.query('SELECT 1');
    expect(heard).toEqual(['SELECT 1']);
    await app.asTenant(ALMA, (manager) => manager.query('SELECT 2'));
    expect(heard.slice(1)).toEqual([
      'START TRANSACTION',
      `SELECT set_config('tolem.tenant', $1, true)`,
      'SELECT 2',
      'COMMIT',
    ]);
    stop();
    await app.query('SELECT 3');
    expect(heard).toHaveLength(5);
  });
});

describe('trouble with the server', () => {
  const terminate = (name: string): Promise<unknown[]> =>
    admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = $2`, [
      name,
      database.name,
    ]);

  it('is told apart from bugs while a statement runs, and the next statement gets a connection again', async () => {
    const running = worker.query('SELECT pg_sleep(30)').catch((error: unknown) => error);
    await waitFor('the statement to run', async () => {
      const rows = await admin.query(
        `SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)' AND state = 'active'`,
      );
      return rows.length === 1;
    });
    await terminate('spec worker');
    expect(isInfrastructureTrouble(await running)).toBe(true);
    expect(await waitFor('the next connection', () => worker.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  });

  it('is told apart inside a transaction, which leaves nothing', async () => {
    const failure = await worker
      .transaction(async (manager) => {
        await manager.query(`INSERT INTO note VALUES (3, $1, 'third')`, [ALMA]);
        await terminate('spec worker');
        await manager.query('SELECT 1');
      })
      .catch((error: unknown) => error);
    expect(isInfrastructureTrouble(failure)).toBe(true);
    expect(await waitFor('the next connection', () => worker.query<{ text: string }>(NOTES))).toHaveLength(2);
  });

  it('is told apart where the connection broke between two statements', async () => {
    const failure = await worker
      .transaction(async (manager) => {
        await manager.query('SELECT 1');
        await terminate('spec worker');
        await waitFor('the connection to be given up', () => manager.queryRunner?.isReleased);
        await manager.query('SELECT 1');
      })
      .catch((error: unknown) => error);
    expect(isInfrastructureTrouble(failure)).toBe(true);
  });

  it('is seen when nobody listens at the address', async () => {
    const url = new URL(database.urlOf(WORKER));
    url.port = '1';
    const failure = await Database.connect({ url: url.toString(), applicationName: 'spec' }).catch(
      (error: unknown) => error,
    );
    expect(isInfrastructureTrouble(failure)).toBe(true);
  });

  it('is seen when a statement runs longer than it may', async () => {
    const hasty = await Database.connect({
      url: database.urlOf(WORKER),
      applicationName: 'hasty',
      statementTimeoutMs: 50,
    });
    try {
      const failure = await hasty.query('SELECT pg_sleep(30)').catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: '57014' });
      expect(isInfrastructureTrouble(failure)).toBe(true);
    } finally {
      await hasty.close();
    }
  });

  it('is seen when the server takes no writes, as a standby does', async () => {
    const failure = await worker
      .transaction(async (manager) => {
        await manager.query('SET TRANSACTION READ ONLY');
        await manager.query('DELETE FROM note');
      })
      .catch((error: unknown) => error);
    expect(isInfrastructureTrouble(failure)).toBe(true);
  });

  it('is seen after the pool was closed', async () => {
    const closed = await Database.connect({ url: database.urlOf(WORKER), applicationName: 'closed' });
    await closed.ping();
    await closed.close();
    expect(isInfrastructureTrouble(await closed.query('SELECT 1').catch((error: unknown) => error))).toBe(true);
    await expect(closed.ping()).rejects.toThrow();
  });

  it('is not what a wrong statement, a broken constraint or a thrown text is', async () => {
    const wrong = await worker.query('SELECT nothing').catch((error: unknown) => error);
    const broken = await worker
      .query('INSERT INTO note VALUES (1, $1, $2)', [ALMA, 'x'])
      .catch((error: unknown) => error);
    expect([wrong, broken].map((error) => error instanceof Error)).toEqual([true, true]);
    for (const error of [wrong, broken, 'ECONNRESET', undefined, new Error('x', { cause: wrong })]) {
      expect(isInfrastructureTrouble(error)).toBe(false);
    }
  });

  it('is found behind the error that wraps it', () => {
    for (const code of [
      'ECONNREFUSED',
      'ECONNRESET',
      'EPIPE',
      'ETIMEDOUT',
      'ENOTFOUND',
      'EAI_AGAIN',
      '08006',
      '40P01',
      '53300',
      '57P01',
    ]) {
      const root = Object.assign(new Error('root'), { code });
      expect([
        code,
        isInfrastructureTrouble(new Error('outer', { cause: new Error('middle', { cause: root }) })),
      ]).toEqual([code, true]);
    }
  });
});

describe('a broken unique constraint', () => {
  const AGAIN = `INSERT INTO note VALUES (7, '${ALMA}', 'of Alma')`;

  it('is known by its name, from a statement and from a transaction', async () => {
    const plain = await worker.query(AGAIN).catch((error: unknown) => error);
    const mapped = await worker.transaction((manager) => manager.query(AGAIN)).catch((error: unknown) => error);
    expect(brokenConstraint(plain)).toBe('note_text_once');
    expect(brokenConstraint(mapped)).toBe('note_text_once');
  });

  it('is not seen in other errors', async () => {
    const missing = await worker.query('INSERT INTO note VALUES (8, NULL, NULL)').catch((error: unknown) => error);
    for (const error of [missing, new Error('23505'), 'note_text_once', undefined])
      expect(brokenConstraint(error)).toBeUndefined();
  });
});

describe('a statement', () => {
  it('is prepared once per connection and goes on working when a migration beside us changes its table', async () => {
    const ALL = 'SELECT * FROM note WHERE id = $1';
    const single = await Database.connect({ url: database.urlOf(WORKER), applicationName: 'spec single', poolSize: 1 });
    try {
      for (let turn = 0; turn < 7; turn += 1) expect(await single.query(ALL, [1])).toHaveLength(1);
      const [prepared] = await single.query<{ count: number }>(
        `SELECT count(*) AS count FROM pg_prepared_statements WHERE statement = '${ALL}'`,
      );
      expect(prepared?.count).toBe(1);
      await admin.query('ALTER TABLE persistence_spec.note ADD COLUMN added text');
      expect(await single.query<{ added: string | null }>(ALL, [1])).toMatchObject([{ added: null }]);
    } finally {
      await admin.query('ALTER TABLE persistence_spec.note DROP COLUMN IF EXISTS added');
      await single.close();
    }
  });
});
