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
const APP = 'tolem_gateway';
const WORKER = 'tolem_gateway_worker';
const VERSIONS = 1764000007000;

let database: TestDatabase;
let admin: pg.Client;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tolem-before-versions-'));
  database = await testDatabase({ name: 'gateway_before_versions', migrate: async () => undefined });
  admin = new pg.Client({ connectionString: database.adminUrl, options: '-c search_path=gateway' });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

describe('certificates of before there were versions', () => {
  it('become the first version of themselves, in use', async () => {
    for (const file of readdirSync(MIGRATIONS).filter((name) => Number(name.slice(0, 13)) < VERSIONS))
      copyFileSync(join(MIGRATIONS, file), join(folder, file));
    await migrate({
      adminUrl: database.adminUrl,
      schema: 'gateway',
      roles: [APP, WORKER].map((role) => roleOfUrl(database.urlOf(role))),
      directories: [OUTBOX_MIGRATIONS, folder],
      names: { app: APP, worker: WORKER },
    });
    await admin.query(
      `INSERT INTO certificate (id, provider, scheme, name, subject, issuer, serial, fingerprint, not_before, not_after)
       VALUES ('019aab5a-6c00-7abc-8def-000000000001', 'kaspi', 'r3', 'old', 'CN=old', 'CN=ca', '01', 'F0', now(), now() + interval '1 year')`,
    );
    await migrateGateway({
      adminUrl: database.adminUrl,
      databaseUrl: database.urlOf(APP),
      workerDatabaseUrl: database.urlOf(WORKER),
    });
    const { rows } = await admin.query(
      `SELECT c.active_version, c.source, c.tenant_id, v.version, v.state, v.fingerprint, v.not_after = c.not_after AS same_end
         FROM certificate c JOIN certificate_version v ON v.certificate_id = c.id`,
    );
    expect(rows).toEqual([
      {
        active_version: 1,
        source: 'upload',
        tenant_id: null,
        version: 1,
        state: 'active',
        fingerprint: 'F0',
        same_end: true,
      },
    ]);
    const { rows: forced } = await admin.query(
      `SELECT relname FROM pg_class WHERE relname IN ('certificate', 'certificate_version') AND relrowsecurity AND relforcerowsecurity
        ORDER BY 1`,
    );
    expect(forced).toEqual([{ relname: 'certificate' }, { relname: 'certificate_version' }]);
  });
});
