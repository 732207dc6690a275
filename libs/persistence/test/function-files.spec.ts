import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tolem/testing';
import pg from 'pg';
import { migrate } from '../src/index.ts';
import { planFor, SCHEMA, withTables, WORKER } from './spec-service.ts';

let database: TestDatabase;
let folder: string;
let admin: pg.Client;
beforeEach(async () => {
  database = await testDatabase(withTables);
  folder = mkdtempSync(join(tmpdir(), 'tolem-functions-'));
  admin = new pg.Client({ connectionString: database.adminUrl, options: `-c search_path=${SCHEMA}` });
  await admin.connect();
});
afterEach(async () => {
  await admin.end();
  rmSync(folder, { recursive: true });
  await database.drop();
});

function file(name: string, sql: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), sql);
}

const says = (name: string, body: string, rest = ''): string =>
  `CREATE OR REPLACE FUNCTION ${name}() RETURNS text LANGUAGE sql${rest} AS $$ SELECT ${body} $$;\n`;

const bring = (): Promise<readonly string[]> => migrate(planFor(database, { functionsUnder: folder }));

async function answerOf(name: string): Promise<string | undefined> {
  const { rows } = await admin.query<{ answer: string }>(`SELECT ${name}() AS answer`);
  return rows[0]?.answer;
}

describe('the functions of a schema', () => {
  it('come after the migrations, from files at any depth, in the order of no matter what they call', async () => {
    file('a-caller.sql', says('caller', `callee() || (SELECT count(*) FROM note)`));
    file('deep/down/callee.sql', says('callee', `'notes: '`));
    const heard: string[] = [];
    const plan = planFor(database, { functionsUnder: folder, onApplied: (name) => heard.push(name) });
    expect(await migrate(plan)).toEqual(['a-caller.sql', 'deep/down/callee.sql']);
    expect(heard).toEqual(['a-caller.sql', 'deep/down/callee.sql']);
    expect(await answerOf('caller')).toBe('notes: 0');
  });

  it('are applied again where their file changed, and left alone where it did not', async () => {
    file('one.sql', says('one', `'one'`));
    file('two.sql', says('two', `'two'`));
    expect(await bring()).toEqual(['one.sql', 'two.sql']);
    expect(await bring()).toEqual([]);
    const version = async (): Promise<unknown> =>
      (
        await admin.query(`SELECT xmin FROM pg_proc WHERE proname = 'one' AND pronamespace = $1::regnamespace`, [
          SCHEMA,
        ])
      ).rows;
    const before = await version();
    file('two.sql', says('two', `'second'`));
    expect(await bring()).toEqual(['two.sql']);
    expect(await answerOf('two')).toBe('second');
    expect(await version()).toEqual(before);
  });

  it('are applied again when a name that is filled in changes', async () => {
    file('one.sql', `${says('one', `'one'`)}GRANT EXECUTE ON FUNCTION one TO {{worker}};`);
    await bring();
    const names = { app: WORKER, worker: `tolem_${SCHEMA}_owner` };
    expect(await migrate(planFor(database, { functionsUnder: folder, names }))).toEqual(['one.sql']);
  });

  it('are those of the file that has them now, also when they moved away and came back', async () => {
    const text = says('mine', `'first'`);
    file('first.sql', text);
    await bring();
    rmSync(join(folder, 'first.sql'));
    file('second.sql', says('mine', `'second'`));
    expect(await bring()).toEqual(['second.sql']);
    rmSync(join(folder, 'second.sql'));
    file('first.sql', text);
    expect(await bring()).toEqual(['first.sql']);
    expect(await answerOf('mine')).toBe('first');
  });

  it('stay when their file goes, because a program of the release before may call them', async () => {
    file('old.sql', says('old', `'still here'`));
    await bring();
    rmSync(join(folder, 'old.sql'));
    expect(await bring()).toEqual([]);
    expect(await answerOf('old')).toBe('still here');
  });

  it('belong to the owner of the schema and find its tables from wherever they are called', async () => {
    file(
      'count.sql',
      says('notes', `count(*)::text FROM ${SCHEMA}.note`, ' SECURITY DEFINER SET search_path FROM CURRENT'),
    );
    await bring();
    const { rows } = await admin.query(
      `SELECT proowner::regrole::text AS owner, proconfig AS settings FROM pg_proc WHERE proname = 'notes'`,
    );
    expect(rows).toEqual([{ owner: `tolem_${SCHEMA}_owner`, settings: [`search_path=${SCHEMA}`] }]);
  });

  it('are applied once when several start at the same moment', async () => {
    file('one.sql', says('one', `'one'`));
    file('two.sql', says('two', `'two'`));
    const results = await Promise.all([bring(), bring(), bring(), bring()]);
    expect(results.filter((applied) => applied.length > 0)).toEqual([['one.sql', 'two.sql']]);
  });

  it('change all or not at all: what is wrong in one file leaves every other as it was', async () => {
    file('a.sql', says('one', `'one'`));
    file('b.sql', says('two', `'two'`));
    await bring();
    file('a.sql', says('one', `'changed'`));
    file('b.sql', says('two', `'changed'`).replace('RETURNS text', 'RETURNS integer'));
    await expect(bring()).rejects.toThrow('function file b.sql failed: cannot change return type of existing function');
    expect(await answerOf('one')).toBe('one');

    file('b.sql', `DROP FUNCTION IF EXISTS two();\n${says('two', '2').replace('RETURNS text', 'RETURNS integer')}`);
    expect(await bring()).toEqual(['a.sql', 'b.sql']);
    expect([await answerOf('one'), await answerOf('two')]).toEqual(['changed', 2]);
  });

  it.each([
    [
      'SQL that names a table nobody has',
      says('lost', '1::text FROM nowhere'),
      'function lost() does not fit the schema: relation "nowhere" does not exist',
    ],
    [
      'PL/pgSQL with a slip of the pen',
      says('lost', '1').replace('LANGUAGE sql', 'LANGUAGE plpgsql'),
      'function lost() does not fit the schema: syntax error at or near "SELECT"',
    ],
  ])('are refused together when one is %s', async (_, text, message) => {
    file('good.sql', says('good', `'good'`));
    file('lost.sql', text);
    await expect(bring()).rejects.toThrow(message);
    await expect(answerOf('good')).rejects.toMatchObject({ code: '42883' });
  });
});

describe('a file of functions that is wrong before anything runs', () => {
  const untouched = async (): Promise<void> => {
    const { rows } = await admin.query(`SELECT to_regclass('function_file') AS made`);
    expect(rows).toEqual([{ made: null }]);
  };

  it('is refused when two files define functions of one name', async () => {
    file('one/a.sql', says('twice', `'a'`));
    file('two/b.sql', says('twice', `'b'`));
    await expect(bring()).rejects.toThrow('the function twice stands in both one/a.sql and two/b.sql');
    await untouched();
  });

  it('is refused when it could be applied only once', async () => {
    file('once.sql', says('once', `'once'`).replace('OR REPLACE ', ''));
    await expect(bring()).rejects.toThrow('function file once.sql says CREATE FUNCTION');
    await untouched();
  });

  it('is refused when it asks for a name that nobody gave', async () => {
    file('grant.sql', 'GRANT EXECUTE ON FUNCTION one TO {{nobody}};');
    await expect(bring()).rejects.toThrow('function file grant.sql asks for {{nobody}}, which nobody gave');
    await untouched();
  });

  it('is not one when it lies in a folder of migrations', async () => {
    file('migrations/1764000000900-more.sql', 'CREATE TABLE more (id int)');
    file('one.sql', says('one', `'one'`));
    const { directories } = planFor(database);
    const plan = planFor(database, {
      functionsUnder: folder,
      directories: [...directories, join(folder, 'migrations')],
    });
    expect(await migrate(plan)).toEqual(['more1764000000900', 'one.sql']);
  });
});
