import { address, commaList, type ConfigOf, defineConfig, env, plainText, wholeNumber } from '@tolem/observability';
import { areMasterKeys } from '@tolem/persistence';
import { z } from 'zod';
import { isAddressOrBlock } from './api-keys/ip-list.ts';

/** provider → mode → scheme → base URL. */
export type ProviderUrls = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;

const port = wholeNumber({ min: 0, max: 65_535 });
const pool = wholeNumber({ min: 1, max: 500 });
const postgres = address(['postgres', 'postgresql']);
const urlsByScheme = z.record(z.string(), z.url({ protocol: /^https?$/ }));
const urlsByProvider = z.record(z.string(), z.partialRecord(z.enum(['test', 'live']), urlsByScheme));

/** `{"kaspi": {"test": {"r3": "https://…"}}}` as JSON text. */
const providerUrls: z.ZodType<ProviderUrls> = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('is not JSON');
      return z.NEVER;
    }
  })
  .pipe(urlsByProvider);

const databaseUrl = env('TOLEM_GATEWAY_DATABASE_URL', postgres, {
  secret: true,
  describe: 'Connection URL of the role of the public API, e.g. postgres://tolem_gateway:…@127.0.0.1:5432/tolem',
});
const workerDatabaseUrl = env('TOLEM_GATEWAY_WORKER_DATABASE_URL', postgres, {
  secret: true,
  describe:
    'Connection URL of the worker role, which serves all tenants, e.g. postgres://tolem_gateway_worker:…@127.0.0.1:5432/tolem',
});

/** Everything the gateway can be told. */
export const gatewayConfig = defineConfig({
  host: env('TOLEM_GATEWAY_HOST', plainText({ max: 255 }), {
    default: '127.0.0.1',
    describe: 'Address that the API listens on',
  }),
  port: env('TOLEM_GATEWAY_PORT', port, { default: 8080, describe: 'TCP port of the API; 0 takes a free one' }),
  databaseUrl,
  workerDatabaseUrl,
  poolSize: env('TOLEM_GATEWAY_POOL_SIZE', pool, {
    default: 10,
    describe: 'Most database connections of the public API',
  }),
  workerPoolSize: env('TOLEM_GATEWAY_WORKER_POOL_SIZE', pool, {
    default: 5,
    describe: 'Most database connections of the workers',
  }),
  masterKey: env('TOLEM_MASTER_KEY', z.string().refine(areMasterKeys, 'is no master key'), {
    secret: true,
    describe:
      '32 bytes in base64 (openssl rand -base64 32); several separated by commas while a new one replaces an old one, the new one first',
  }),
  operatorKey: env(
    'TOLEM_OPERATOR_KEY',
    z.string().regex(/^tlm_op_[0-9A-Za-z]{32,128}$/, 'is not tlm_op_ and 32 to 128 letters or digits'),
    {
      secret: true,
      describe: 'The operator’s key: tlm_op_ and 32 to 128 random letters or digits',
    },
  ),
  providerUrls: env('TOLEM_PROVIDER_URLS', providerUrls, {
    default: {},
    describe:
      'Where providers are reached, as JSON {provider: {test or live: {scheme: base URL}}}; empty: no connection can be made',
  }),
  trustedProxies: env(
    'TOLEM_GATEWAY_TRUSTED_PROXIES',
    commaList().refine(
      (list) => list.every(isAddressOrBlock),
      'has a part that is neither an address nor a CIDR block',
    ),
    {
      default: [],
      describe: 'Reverse proxies whose X-Forwarded-For is believed: addresses or CIDR blocks, separated by commas',
    },
  ),
  maxWaiters: env('TOLEM_GATEWAY_MAX_WAITERS', wholeNumber({ min: 0, max: 100_000 }), {
    default: 10_000,
    describe: 'Most requests that may wait for news (?wait=) at the same time in this process; beyond: 503',
  }),
  webhookAllowedNetworks: env(
    'TOLEM_WEBHOOK_ALLOWED_NETWORKS',
    commaList().refine(
      (list) => list.every(isAddressOrBlock),
      'has a part that is neither an address nor a CIDR block',
    ),
    {
      default: [],
      describe:
        'Networks beside the public internet that webhooks may go to, over plain HTTP too: addresses or CIDR blocks, separated by commas, e.g. 127.0.0.0/8 on a laptop; empty: none',
    },
  ),
});

export type GatewayConfig = ConfigOf<typeof gatewayConfig.fields>;

/** What the migration command needs. */
export const migrationConfig = defineConfig({
  adminUrl: env('TOLEM_DATABASE_ADMIN_URL', postgres, {
    secret: true,
    describe: 'Connection URL of a role that may create roles and schemas; used by migrations only',
  }),
  databaseUrl,
  workerDatabaseUrl,
});

/** What the command over dead letters needs. */
export const deadLettersConfig = defineConfig({ workerDatabaseUrl });

/** The process' environment, for the entry points of this service. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;
