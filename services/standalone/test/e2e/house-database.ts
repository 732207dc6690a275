import { migrateGateway } from '@tolem/gateway';
import { migrateProvider } from '@tolem/provider-kit';
import { testDatabase, type TestDatabase } from '@tolem/testing';
import { OPERATOR_KEY } from './chain.ts';

/** A database with the schemas of every service. */
export function houseDatabase(): Promise<TestDatabase> {
  return testDatabase({
    name: 'house',
    async migrate({ adminUrl, urlOf }) {
      await migrateGateway({
        adminUrl,
        databaseUrl: urlOf('tolem_gateway'),
        workerDatabaseUrl: urlOf('tolem_gateway_worker'),
      });
      await migrateProvider('kaspi', { adminUrl, databaseUrl: urlOf('tolem_kaspi') });
    },
  });
}

/** The environment of a process that serves on that database with the simulated bank. */
export function houseEnvironment(database: TestDatabase, bankUrl: string): Record<string, string> {
  return {
    TOLEM_GATEWAY_DATABASE_URL: database.urlOf('tolem_gateway'),
    TOLEM_GATEWAY_WORKER_DATABASE_URL: database.urlOf('tolem_gateway_worker'),
    TOLEM_KASPI_DATABASE_URL: database.urlOf('tolem_kaspi'),
    TOLEM_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    TOLEM_OPERATOR_KEY: OPERATOR_KEY,
    TOLEM_GATEWAY_PORT: '0',
    TOLEM_MANAGEMENT_PORT: '0',
    TOLEM_PROVIDER_URLS: JSON.stringify({ kaspi: { test: { r3: bankUrl } } }),
    TOLEM_LOG_LEVEL: 'warn',
  };
}
