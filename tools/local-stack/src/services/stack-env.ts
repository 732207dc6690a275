import { PROVIDERS } from '@tolem/contracts';
import { databasePassword, type Secrets } from '../tolem-folder/secrets.ts';

/** Where the bus and Redis are, for services that are processes of their own. */
export interface SharedAddresses {
  /** `host:port` each. */
  brokers: readonly string[];
  redisUrl: string;
}

export interface StackAddresses {
  gatewayPort: number;
  managementPort: number;
  postgresPort: number;
  /** Where the sandbox plays each scheme of Kaspi QR. */
  kaspiUrls: Readonly<Record<string, string>>;
  /** The proxy that calls to providers leave through; directly if left out. */
  egressProxyUrl?: string;
  /** Left out where bus and schedule live in the memory of one process. */
  shared?: SharedAddresses;
}

export const DATABASE = 'tolem';
export const GATEWAY = 'gateway';
export const SERVICES: readonly string[] = [GATEWAY, ...PROVIDERS.map(({ name }) => name)];

const ADMIN_URL = 'TOLEM_DATABASE_ADMIN_URL';
const MASTER_KEY = 'TOLEM_MASTER_KEY';
/** What a shell may have set for the gateway besides TOLEM_GATEWAY_…: no other service reads it. */
const GATEWAY_ONLY = ['TOLEM_OPERATOR_KEY', 'TOLEM_PROVIDER_URLS', 'TOLEM_WEBHOOK_'];

/**
 * The environment of a process that runs these services: what is theirs and nothing of the others. Roles and passwords are
 * made by the migrate commands.
 */
export function serviceEnvironment(
  secrets: Secrets,
  at: StackAddresses,
  services: readonly string[] = SERVICES,
): Record<string, string> {
  const databaseUrl = (role: string): string =>
    `postgres://${role}:${databasePassword(secrets, role)}@127.0.0.1:${at.postgresPort}/${DATABASE}`;
  const own = (service: string): Record<string, string> =>
    service === GATEWAY
      ? gatewayVariables(secrets, at, databaseUrl)
      : {
          [`${prefixOf(service)}DATABASE_URL`]: databaseUrl(`tolem_${service}`),
          ...(at.egressProxyUrl === undefined ? {} : { [`${prefixOf(service)}EGRESS_PROXIES`]: at.egressProxyUrl }),
        };
  return Object.assign(
    {
      TOLEM_MASTER_KEY: secrets.masterKey,
      TOLEM_MANAGEMENT_PORT: String(at.managementPort),
      TOLEM_LOG_LEVEL: process.env['TOLEM_LOG_LEVEL'] ?? 'info',
      ...(at.shared === undefined ? {} : sharedVariables(at.shared)),
    },
    ...services.map(own),
  );
}

const prefixOf = (service: string): string => `TOLEM_${service.toUpperCase()}_`;

const gatewayVariables = (
  secrets: Secrets,
  at: StackAddresses,
  databaseUrl: (role: string) => string,
): Record<string, string> => ({
  TOLEM_GATEWAY_DATABASE_URL: databaseUrl('tolem_gateway'),
  TOLEM_GATEWAY_WORKER_DATABASE_URL: databaseUrl('tolem_gateway_worker'),
  TOLEM_OPERATOR_KEY: secrets.operatorKey,
  TOLEM_GATEWAY_HOST: '127.0.0.1',
  TOLEM_GATEWAY_PORT: String(at.gatewayPort),
  TOLEM_PROVIDER_URLS: JSON.stringify({ kaspi: { test: at.kaspiUrls } }),
  // Whoever tries webhooks on this machine has the receiver on this machine.
  TOLEM_WEBHOOK_ALLOWED_NETWORKS: process.env['TOLEM_WEBHOOK_ALLOWED_NETWORKS'] ?? '127.0.0.0/8',
});

const sharedVariables = ({ brokers, redisUrl }: SharedAddresses): Record<string, string> => ({
  TOLEM_KAFKA_BROKERS: brokers.join(','),
  TOLEM_REDIS_URL: redisUrl,
});

/** For the command that makes the topics: on one machine there is one broker, which holds the only copy. */
export const topicsEnvironment = ({ brokers }: Pick<SharedAddresses, 'brokers'>): Record<string, string> => ({
  TOLEM_KAFKA_BROKERS: brokers.join(','),
  TOLEM_KAFKA_REPLICATION: '1',
  TOLEM_KAFKA_MIN_IN_SYNC: '1',
});

/** For a migrate command, which alone gets a superuser's access: the databases' addresses and nothing else. */
export function migrateEnvironment(services: Record<string, string>, adminUrl: string): Record<string, string> {
  const addresses = Object.entries(services).filter(([variable]) => variable.endsWith('_DATABASE_URL'));
  return { ...Object.fromEntries(addresses), [ADMIN_URL]: databaseAdminUrl(adminUrl) };
}

/** The superuser's address of the house's own database. */
export function databaseAdminUrl(adminUrl: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${DATABASE}`;
  return url.href;
}

/**
 * What a process takes of the shell that started us: everything but the TOLEM_ variables of services that it does not run,
 * and the files of variables that it is given by value, because both at once are a mistake.
 */
export function inheritedEnvironment(
  services: readonly string[],
  given: Readonly<Record<string, string>>,
  ours: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const foreign = SERVICES.filter((service) => !services.includes(service)).flatMap((service) => [
    prefixOf(service),
    ...(service === GATEWAY ? GATEWAY_ONLY : []),
  ]);
  const never = [...foreign, ADMIN_URL, ...(services.length === 0 ? [MASTER_KEY] : [])];
  return Object.fromEntries(
    Object.entries(ours).filter(
      ([variable]) =>
        !never.some((start) => variable.startsWith(start)) &&
        !(variable.endsWith('_FILE') && given[variable.slice(0, -'_FILE'.length)] !== undefined),
    ),
  );
}
