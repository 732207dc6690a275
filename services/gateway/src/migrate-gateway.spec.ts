import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { migrate, OUTBOX_MIGRATIONS, roleOfUrl } from '@tolem/persistence';
import { type TestDatabase, testDatabase } from '@tolem/testing';
import pg from 'pg';
import { migrateGateway } from './migrate-gateway.ts';

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));
const APP = 'tolem_gateway';
const WORKER = 'tolem_gateway_worker';

let database: TestDatabase;
let admin: pg.Client;
beforeEach(async () => {
  database = await testDatabase({ name: 'gateway_empty', migrate: async () => undefined });
  admin = new pg.Client({ connectionString: database.adminUrl, options: '-c search_path=gateway' });
  await admin.connect();
});
afterEach(async () => {
  await admin.end();
  await database.drop();
});

const migrateAll = (): Promise<readonly string[]> =>
  migrateGateway({
    adminUrl: database.adminUrl,
    databaseUrl: database.urlOf(APP),
    workerDatabaseUrl: database.urlOf(WORKER),
  });

/** Name and owner of every function in the schema; one of several signatures stands there as often. */
async function functions(): Promise<readonly { name: string; owner: string }[]> {
  const { rows } = await admin.query<{ name: string; owner: string }>(
    `SELECT proname AS name, proowner::regrole::text AS owner FROM pg_proc
      WHERE pronamespace = 'gateway'::regnamespace ORDER BY 1`,
  );
  return rows;
}

describe('the functions of the gateway', () => {
  it('stand in files of their own, but for those that tables need and the one whose value is the database’s', async () => {
    await migrate({
      adminUrl: database.adminUrl,
      schema: 'gateway',
      roles: [APP, WORKER].map((role) => roleOfUrl(database.urlOf(role))),
      directories: [OUTBOX_MIGRATIONS, MIGRATIONS],
      names: { app: APP, worker: WORKER },
    });
    expect((await functions()).map((row) => row.name)).toEqual(['current_tenant', 'event_era']);
    const applied = await migrateAll();
    expect(applied.filter((name) => !name.endsWith('.sql'))).toEqual([]);
    expect((await functions()).map((row) => row.name)).toEqual(
      expect.arrayContaining([
        'current_tenant',
        'create_payment',
        'apply_payment_facts',
        'record_event',
        'read_events',
      ]),
    );
  });

  it('belong to no role that a service runs under', async () => {
    await migrateAll();
    expect(new Set((await functions()).map((row) => row.owner))).toEqual(new Set(['tolem_gateway_owner']));
  });

  it('are whole again after one was changed by hand and its file is applied anew, while the era of events stays', async () => {
    await migrateAll();
    await admin.query(
      `CREATE OR REPLACE FUNCTION event_era() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 2 $$`,
    );
    await admin.query(
      `CREATE OR REPLACE FUNCTION payment_is_closed_unpaid(status text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$`,
    );
    await admin.query('DELETE FROM function_file');
    expect(await migrateAll()).toContain('payments/payment-status.sql');
    const { rows } = await admin.query(`SELECT event_era() AS era, payment_is_closed_unpaid('unknown') AS closed`);
    expect(rows).toEqual([{ era: 2, closed: false }]);
  });
});
