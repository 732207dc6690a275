import { PROVIDERS } from '@tolem/contracts';
import { databasePassword, type Secrets } from './secrets.ts';

export interface StackAddresses {
  gatewayPort: number;
  managementPort: number;
  postgresPort: number;
  /** The sandbox's Kaspi scheme 3. */
  kaspiR3Url: string;
}

export const DATABASE = 'tolem';

/** The environment that the services of one machine run with. Roles and passwords are made by the migrate commands. */
export function serviceEnvironment(secrets: Secrets, at: StackAddresses): Record<string, string> {
  const databaseUrl = (role: string): string =>
    `postgres://${role}:${databasePassword(secrets, role)}@127.0.0.1:${at.postgresPort}/${DATABASE}`;
  const providers = PROVIDERS.map(({ name }) => [
    `TOLEM_${name.toUpperCase()}_DATABASE_URL`,
    databaseUrl(`tolem_${name}`),
  ]);
  return {
    TOLEM_GATEWAY_DATABASE_URL: databaseUrl('tolem_gateway'),
    TOLEM_GATEWAY_WORKER_DATABASE_URL: databaseUrl('tolem_gateway_worker'),
    ...Object.fromEntries(providers),
    TOLEM_MASTER_KEY: secrets.masterKey,
    TOLEM_OPERATOR_KEY: secrets.operatorKey,
    TOLEM_GATEWAY_HOST: '127.0.0.1',
    TOLEM_GATEWAY_PORT: String(at.gatewayPort),
    TOLEM_MANAGEMENT_PORT: String(at.managementPort),
    TOLEM_LOG_LEVEL: process.env['TOLEM_LOG_LEVEL'] ?? 'info',
    TOLEM_PROVIDER_URLS: JSON.stringify({ kaspi: { test: { r3: at.kaspiR3Url } } }),
  };
}

/** The same for a migrate command, which alone gets a superuser's access. */
export function migrateEnvironment(services: Record<string, string>, adminUrl: string): Record<string, string> {
  const url = new URL(adminUrl);
  url.pathname = `/${DATABASE}`;
  return { ...services, TOLEM_DATABASE_ADMIN_URL: url.href };
}
