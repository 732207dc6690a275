import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tolem/testing';
import pg from 'pg';
import { migrate, OUTBOX_MIGRATIONS, roleOfUrl } from '../src/index.ts';
import { APP, empty, planFor, SCHEMA, withTables, WORKER } from './spec-service.ts';

const OUTBOX = ['outbox1764000000000', 'outbox_vacuum1764000000010'];
const ALL = [...OUTBOX, 'note1764000000100'];

let database: TestDatabase;
let folder: string;

/** An empty database and an empty folder for each test of a group. */
function freshPlaces(): void {
  beforeEach(async () => {
    database = await testDatabase(empty);
    folder = mkdtempSync(join(tmpdir(), 'tolem-migrations-'));
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await database.drop();
  });
}

async function asRole<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const tables = (): Promise<string[]> =>
  asRole(database.adminUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 ORDER BY 1',
      [SCHEMA],
    );
    return rows.map((row) => row.name);
  });

const file = (name: string, sql: string): void => writeFileSync(join(folder, name), sql);

describe('migrating a schema', () => {
  freshPlaces();

  it('applies every file once, in the order of the numbers over all folders, and tells of each', async () => {
    file('1764000000050-between.sql', 'CREATE TABLE between_the_two (id int)');
    const plan = planFor(database);
    const heard: string[] = [];
    const directories = [...plan.directories, folder];
    const applied = await migrate({ ...plan, directories, onApplied: (name) => heard.push(name) });
    expect(applied).toEqual([...OUTBOX, 'between1764000000050', 'note1764000000100']);
    expect(heard).toEqual(applied);
    expect(await tables()).toEqual(['between_the_two', 'dead_letter', 'migration', 'note', 'outbox']);
  });

  it('does nothing the second time', async () => {
    expect(await migrate(planFor(database))).toEqual(ALL);
    expect(await migrate(planFor(database))).toEqual([]);
  });

  it('applies each file once when several start at the same moment', async () => {
    const results = await Promise.all([1, 2, 3, 4].map(() => migrate(planFor(database))));
    expect(results.flat()).toEqual(ALL);
    expect(results.filter((applied) => applied.length > 0)).toHaveLength(1);
  });

  it('makes the same roles for several databases of one cluster at the same moment', async () => {
    // Names that the cluster has never seen, so that all of them try to make the roles.
    const name = `race_${randomBytes(6).toString('hex')}`;
    const roles = [1, 2, 3].map((n) => ({ name: `${name}_${n}`, password: 'only-for-tests' }));
    const databases = await Promise.all([1, 2, 3, 4, 5].map(() => testDatabase(empty)));
    try {
      const plan = { schema: name, roles, directories: [OUTBOX_MIGRATIONS], names: { worker: `${name}_1` } };
      const results = await Promise.all(databases.map(({ adminUrl }) => migrate({ adminUrl, ...plan })));
      expect(results).toEqual(databases.map(() => OUTBOX));
    } finally {
      await Promise.all(databases.map((each) => each.drop()));
      await asRole(database.adminUrl, (client) =>
        client.query(`DROP ROLE ${[`tolem_${name}_owner`, ...roles.map((role) => role.name)].join(', ')}`),
      );
    }
  });

  it('does not mind that the file of an applied migration is gone', async () => {
    file('1764000000200-more.sql', 'CREATE TABLE more (id int)');
    const plan = planFor(database);
    await migrate({ ...plan, directories: [...plan.directories, folder] });
    expect(await migrate(plan)).toEqual([]);
    expect(await tables()).toContain('more');
  });

  it('brings later what was added later', async () => {
    await migrate(planFor(database));
    file('1764000000200-more.sql', 'CREATE TABLE more (id int)');
    const plan = planFor(database);
    expect(await migrate({ ...plan, directories: [...plan.directories, folder] })).toEqual(['more1764000000200']);
  });
});

describe('a migration that is wrong', () => {
  freshPlaces();

  it.each(['1-short.sql', '1764000000100_underscore.sql', '1764000000100-Upper.sql', 'note.sql'])(
    'is refused by its file name %s before the database is touched',
    async (name) => {
      file(name, 'CREATE TABLE never (id int)');
      await expect(migrate(planFor(database, { directories: [folder] }))).rejects.toThrow(
        `migration ${name} is not named <13 digits>-<name>.sql`,
      );
      const schemas = await asRole(database.adminUrl, (client) =>
        client.query('SELECT FROM pg_namespace WHERE nspname = $1', [SCHEMA]),
      );
      expect(schemas.rowCount).toBe(0);
    },
  );

  it('is refused when it asks for a name that nobody gave', async () => {
    file('1764000000300-grant.sql', 'GRANT SELECT ON note TO {{nobody}}');
    await expect(migrate(planFor(database, { directories: [folder] }))).rejects.toThrow(
      'migration 1764000000300-grant.sql asks for {{nobody}}, which nobody gave',
    );
  });

  it('is refused when a name given for it is more than an identifier', async () => {
    file('1764000000300-grant.sql', 'GRANT SELECT ON note TO {{app}}');
    const names = { app: 'x"; DROP SCHEMA public; --' };
    await expect(migrate(planFor(database, { directories: [folder], names }))).rejects.toThrow(
      'is not a plain identifier',
    );
  });

  it('is refused when two files have the same number', async () => {
    file('1764000000300-a.sql', 'SELECT 1');
    file('1764000000300-b.sql', 'SELECT 1');
    await expect(migrate(planFor(database, { directories: [folder] }))).rejects.toThrow('have the same number');
  });

  it('leaves nothing behind when it fails half-way, keeps what came before it, and is applied whole once it is mended', async () => {
    await migrate(planFor(database));
    const before = await tables();
    file('1764000000300-good.sql', 'CREATE TABLE good (id int)');
    file('1764000000301-bad.sql', 'CREATE TABLE half (id int); INSERT INTO half VALUES (1); SELECT 1 / 0');
    const plan = planFor(database);
    const directories = [...plan.directories, folder];
    await expect(migrate({ ...plan, directories })).rejects.toThrow(
      'migration 1764000000301-bad.sql failed: division by zero',
    );
    expect(await tables()).toEqual([...before, 'good'].sort());

    file('1764000000301-bad.sql', 'CREATE TABLE half (id int)');
    expect(await migrate({ ...plan, directories })).toEqual(['bad1764000000301']);
    expect(await tables()).toEqual([...before, 'good', 'half'].sort());
  });
});

describe('a role of a service', () => {
  let service: TestDatabase;
  beforeAll(async () => {
    service = await testDatabase(withTables);
  });
  afterAll(() => service.drop());

  it('logs in with its password and finds its tables without naming the schema', async () => {
    await asRole(service.urlOf(WORKER), async (client) => {
      const { rows } = await client.query<{ path: string }>(`SELECT current_setting('search_path') AS path`);
      expect(rows).toEqual([{ path: SCHEMA }]);
      await client.query(`INSERT INTO note VALUES (1, gen_random_uuid(), 'first')`);
    });
  });

  it('no longer logs in with the old password once it was changed', async () => {
    // A role of its own: roles belong to the whole cluster, and other specs log in at the same time.
    const name = 'persistence_spec_rotated';
    const [old, changed] = ['the old one', "it's another"].map((password) => ({ name, password }));
    const urlWith = (password: string): string => {
      const url = new URL(service.urlOf(name));
      url.password = encodeURIComponent(password);
      return url.toString();
    };
    if (old === undefined || changed === undefined) throw new Error('two passwords were given');
    await migrate(planFor(service, { roles: [old] }));
    await asRole(urlWith(old.password), (client) => client.query('SELECT 1'));
    await migrate(planFor(service, { roles: [changed] }));
    await asRole(urlWith(changed.password), (client) => client.query('SELECT 1'));
    await expect(asRole(urlWith(old.password), (client) => client.query('SELECT 1'))).rejects.toThrow('password');
  });

  it('owns nothing, so row-level security holds for it', async () => {
    const { rows } = await asRole(service.adminUrl, (client) =>
      client.query<{ owner: string; login: boolean; super: boolean; bypass: boolean }>(
        `SELECT DISTINCT tableowner AS owner, rolcanlogin AS login, rolsuper AS super, rolbypassrls AS bypass
           FROM pg_tables JOIN pg_roles ON rolname = tableowner WHERE schemaname = $1`,
        [SCHEMA],
      ),
    );
    expect(rows).toEqual([{ owner: `tolem_${SCHEMA}_owner`, login: false, super: false, bypass: false }]);
    const roles = await asRole(service.adminUrl, (client) =>
      client.query(
        'SELECT FROM pg_roles WHERE rolname = ANY($1) AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)',
        [[APP, WORKER]],
      ),
    );
    expect(roles.rowCount).toBe(0);
  });

  it.each([
    ['make a table in its schema', 'CREATE TABLE mine (id int)'],
    ['make a table in the public schema', 'CREATE TABLE public.mine (id int)'],
    ['make a schema', 'CREATE SCHEMA mine'],
    ['change a table', 'ALTER TABLE note DISABLE ROW LEVEL SECURITY'],
    ['empty a table', 'TRUNCATE note'],
    ['become the owner', `SET ROLE tolem_${SCHEMA}_owner`],
    ['see which migrations ran', 'SELECT * FROM migration'],
  ])('cannot %s', async (_, sql) => {
    await asRole(service.urlOf(APP), async (client) => {
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    });
  });
});

describe('a role read out of a URL', () => {
  it('keeps name and password as they were before they were escaped', () => {
    const url = new URL('postgres://localhost/x');
    url.username = 'röle';
    url.password = encodeURIComponent('p@ss:w/rd%');
    expect(roleOfUrl(url.toString())).toEqual({ name: 'röle', password: 'p@ss:w/rd%' });
  });
});
