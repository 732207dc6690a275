import { PROVIDERS } from '@tolem/contracts';
import { migrateGateway } from '@tolem/gateway';
import { migrateProvider } from '@tolem/provider-kit';
import { testDatabase, type TestDatabase } from '@tolem/testing';
import { OPERATOR_KEY } from './chain.ts';

/** Schemas of every service: the gateway's and one of each provider of the list. */
export const SCHEMAS: readonly string[] = ['gateway', ...PROVIDERS.map(({ name }) => name)];

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
      for (const { name } of PROVIDERS) {
        await migrateProvider(name, { adminUrl, databaseUrl: urlOf(`tolem_${name}`) });
      }
    },
  });
}

/** The environment of a process that serves on that database with the simulated bank. */
export function houseEnvironment(database: TestDatabase, bankUrl: string): Record<string, string> {
  return {
    TOLEM_GATEWAY_DATABASE_URL: database.urlOf('tolem_gateway'),
    TOLEM_GATEWAY_WORKER_DATABASE_URL: database.urlOf('tolem_gateway_worker'),
    ...Object.fromEntries(
      PROVIDERS.map(({ name }) => [`TOLEM_${name.toUpperCase()}_DATABASE_URL`, database.urlOf(`tolem_${name}`)]),
    ),
    TOLEM_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    TOLEM_OPERATOR_KEY: OPERATOR_KEY,
    TOLEM_GATEWAY_PORT: '0',
    TOLEM_MANAGEMENT_PORT: '0',
    TOLEM_PROVIDER_URLS: JSON.stringify({ kaspi: { test: { r3: bankUrl } } }),
    TOLEM_LOG_LEVEL: 'warn',
  };
}
