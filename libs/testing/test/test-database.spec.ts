import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type DatabaseTemplate, testDatabase, type TestDatabase } from '../src/index.ts';

const made: TestDatabase[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((database) => database.drop()));
});

async function make(template: DatabaseTemplate): Promise<TestDatabase> {
  const database = await testDatabase(template);
  made.push(database);
  return database;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A template that counts how often it was migrated. */
function template(name: string): DatabaseTemplate & { readonly migrations: () => number } {
  let count = 0;
  return {
    name,
    migrations: () => count,
    async migrate({ adminUrl }) {
      count += 1;
      await query(adminUrl, 'CREATE TABLE cup (content text)');
    },
  };
}

describe('a test database', () => {
  it('has what its template has, and nothing that is written into it is seen in another one or in the template', async () => {
    const cups = template('testing_isolation');
    const [first, second] = [await make(cups), await make(cups)];
    await query(first.adminUrl, `INSERT INTO cup VALUES ('tea')`);
    expect(await query(first.adminUrl, 'SELECT * FROM cup')).toEqual([{ content: 'tea' }]);
    expect(await query(second.adminUrl, 'SELECT * FROM cup')).toEqual([]);
    expect(await query((await make(cups)).adminUrl, 'SELECT * FROM cup')).toEqual([]);
    expect(first.name).not.toBe(second.name);
  });

  it('is migrated once for all specs of a run, even where several ask at the same moment', async () => {
    const cups = template('testing_once');
    const databases = await Promise.all([1, 2, 3, 4].map(() => make(cups)));
    expect(cups.migrations()).toBe(1);
    expect(new Set(databases.map((database) => database.name)).size).toBe(4);
  });

  it('is made anew from a template whose migration failed half-way', async () => {
    const cups = template('testing_broken');
    const broken: DatabaseTemplate = {
      name: cups.name,
      async migrate(database) {
        await cups.migrate(database);
        throw new Error('half-way');
      },
    };
    await expect(make(broken)).rejects.toThrow('half-way');
    expect(await query((await make(cups)).adminUrl, 'SELECT * FROM cup')).toEqual([]);
  });

  it('gives every role a URL of its own to the same database', async () => {
    const cups = template('testing_urls');
    const database = await make(cups);
    await query(
      database.adminUrl,
      `DO $$ BEGIN CREATE ROLE testing_spec_role LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    );
    const password = new URL(database.urlOf('testing_spec_role')).password;
    await query(database.adminUrl, `ALTER ROLE testing_spec_role PASSWORD '${password}'`);
    expect(
      await query(database.urlOf('testing_spec_role'), 'SELECT current_user AS who, current_database() AS place'),
    ).toEqual([{ who: 'testing_spec_role', place: database.name }]);
  });

  it('is gone after it was dropped, although somebody is still connected, and can be dropped twice', async () => {
    const database = await testDatabase(template('testing_drop'));
    const client = new pg.Client({ connectionString: database.adminUrl });
    client.on('error', () => undefined);
    await client.connect();
    await database.drop();
    await database.drop();
    await expect(query(database.adminUrl, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' });
    await client.end().catch(() => undefined);
  });

  it('says what is missing where no server was started', async () => {
    const url = process.env['TOLEM_TEST_POSTGRES_URL'];
    delete process.env['TOLEM_TEST_POSTGRES_URL'];
    try {
      await expect(testDatabase(template('testing_none'))).rejects.toThrow('TOLEM_TEST_POSTGRES_URL is not set');
    } finally {
      process.env['TOLEM_TEST_POSTGRES_URL'] = url;
    }
  });
});
