import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate, OUTBOX_MIGRATIONS, roleOfUrl } from '@tolem/persistence';
import { type TestDatabase, testDatabase } from '@tolem/testing';
import pg from 'pg';
import { migrateGateway } from '../migrate-gateway.ts';

const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));
const FIRST_OF_ATTENTION = '1764000003000';
const APP = 'tolem_gateway';
const WORKER = 'tolem_gateway_worker';

describe('a house that had payments before it had attention', () => {
  let database: TestDatabase;
  let folder: string;
  let admin: pg.Client;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tolem-migrations-'));
    database = await testDatabase({ name: 'gateway_empty', migrate: async () => undefined });
    admin = new pg.Client({ connectionString: database.adminUrl, options: '-c search_path=gateway' });
    await admin.connect();
  });
  afterAll(async () => {
    await admin.end();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  it('finds its unknown payments and its alarms on the list of people after the upgrade, and is as closed as before', async () => {
    for (const file of readdirSync(MIGRATIONS).filter((name) => name < FIRST_OF_ATTENTION))
      copyFileSync(join(MIGRATIONS, file), join(folder, file));
    await migrate({
      adminUrl: database.adminUrl,
      schema: 'gateway',
      roles: [APP, WORKER].map((role) => roleOfUrl(database.urlOf(role))),
      directories: [OUTBOX_MIGRATIONS, folder],
      names: { app: APP, worker: WORKER },
    });
    const payments = [
      { status: 'unknown', alarms: ['amount_mismatch'] },
      { status: 'unknown', alarms: [] },
      { status: 'succeeded', alarms: [] },
    ];
    for (const [index, { status, alarms }] of payments.entries()) {
      await admin.query(
        `INSERT INTO payment (id, tenant_id, mode, organization_id, connection_id, connection_version, desk_id, desk, provider,
                              method, amount, currency, status, alarms, start_by, idem_key, idem_hash, created_at, updated_at)
         VALUES (('019aab5a-6c00-7abc-8def-00000000000' || $1)::uuid, gen_random_uuid(), 'test', gen_random_uuid(),
                 gen_random_uuid(), 1, gen_random_uuid(), 'desk', 'any', 'any', 1, 'KZT', $2, $3, now(), 'key', 'hash', now(), now())`,
        [String(index), status, alarms],
      );
    }
    await migrateGateway({
      adminUrl: database.adminUrl,
      databaseUrl: database.urlOf(APP),
      workerDatabaseUrl: database.urlOf(WORKER),
    });
    const { rows } = await admin.query<{ of: string; kind: string }>(
      `SELECT right(subject::text, 1) AS of, kind FROM attention WHERE closed_at IS NULL ORDER BY 1, 2`,
    );
    expect(rows).toEqual([
      { of: '0', kind: 'amount_mismatch' },
      { of: '0', kind: 'unknown' },
      { of: '1', kind: 'unknown' },
    ]);
    const { rows: forced } = await admin.query(
      `SELECT relname FROM pg_class WHERE relname IN ('payment', 'attention') AND relrowsecurity AND relforcerowsecurity ORDER BY 1`,
    );
    expect(forced).toEqual([{ relname: 'attention' }, { relname: 'payment' }]);
  });
});
