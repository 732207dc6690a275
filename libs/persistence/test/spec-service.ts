import { fileURLToPath } from 'node:url';
import type { DatabaseTemplate, TestDatabase } from '@tolem/testing';
import { migrate, type MigrationPlan, OUTBOX_MIGRATIONS, openVaultTo, roleOfUrl } from '../src/index.ts';

/** Roles live in the whole cluster, so these belong to the specs of this room alone. */
export const APP = 'persistence_spec_app';
export const WORKER = 'persistence_spec_worker';
export const READER = 'persistence_spec_reader';
export const OTHER_READER = 'persistence_spec_other_reader';
export const SCHEMA = 'persistence_spec';

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));

/** What a service of this house gives to `migrate`, in small. */
export function planFor(
  database: Pick<TestDatabase, 'adminUrl' | 'urlOf'>,
  more: Partial<MigrationPlan> = {},
): MigrationPlan {
  return {
    adminUrl: database.adminUrl,
    schema: SCHEMA,
    roles: [APP, WORKER, READER, OTHER_READER].map((role) => roleOfUrl(database.urlOf(role))),
    directories: [OUTBOX_MIGRATIONS, MIGRATIONS],
    names: { app: APP, worker: WORKER },
    ...more,
  };
}

/** A database with the small service's tables. */
export const withTables: DatabaseTemplate = {
  name: 'persistence_tables',
  migrate: async (database) => void (await migrate(planFor(database))),
};

/** The same with the vault: APP writes secrets, READER reads those of kaspi, OTHER_READER those of koshelek. */
export const withVault: DatabaseTemplate = {
  name: 'persistence_vault',
  async migrate(database) {
    await migrate(planFor(database));
    await openVaultTo(database.adminUrl, database.urlOf(APP), { writes: true });
    await openVaultTo(database.adminUrl, database.urlOf(READER), { readsProvider: 'kaspi' });
    await openVaultTo(database.adminUrl, database.urlOf(OTHER_READER), { readsProvider: 'koshelek' });
  },
};

/** Nothing in it at all. */
export const empty: DatabaseTemplate = { name: 'persistence_empty', migrate: async () => undefined };
