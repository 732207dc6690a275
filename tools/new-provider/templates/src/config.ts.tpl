import { address, type ConfigOf, defineConfig, env, plainText, wholeNumber } from '@tolem/observability';

const milliseconds = wholeNumber({ min: 100, max: 120_000 });
const postgres = address(['postgres', 'postgresql']);

const databaseUrl = env('TOLEM___NAME___DATABASE_URL', postgres, {
  secret: true,
  describe: 'Connection URL of the service’s role, e.g. postgres://tolem___name__:…@127.0.0.1:5432/tolem',
});

/** Everything the service of __title__ can be told. */
export const __name__Config = defineConfig({
  databaseUrl,
  poolSize: env('TOLEM___NAME___POOL_SIZE', wholeNumber({ min: 1, max: 500 }), {
    default: 6,
    describe: 'Most database connections',
  }),
  masterKey: env('TOLEM_MASTER_KEY', plainText(), {
    secret: true,
    describe: '32 bytes in base64, the same as the gateway’s; several separated by commas while one replaces another',
  }),
  connections: env('TOLEM___NAME___CONNECTIONS', wholeNumber({ min: 1, max: 1_000 }), {
    default: 96,
    describe:
      'Most connections to the provider per address and certificate; starts, polls and background work share them',
  }),
  connectTimeoutMs: env('TOLEM___NAME___CONNECT_TIMEOUT_MS', milliseconds, {
    default: 3_000,
    describe: 'Longest time for connecting, TLS included; ms',
  }),
  startTimeoutMs: env('TOLEM___NAME___START_TIMEOUT_MS', milliseconds, {
    default: 8_000,
    describe: 'Longest call that creates something; ms',
  }),
  readTimeoutMs: env('TOLEM___NAME___READ_TIMEOUT_MS', milliseconds, {
    default: 10_000,
    describe: 'Longest call that only asks; ms',
  }),
  graceMs: env('TOLEM___NAME___GRACE_MS', wholeNumber({ min: 0, max: 60_000 }), {
    default: 5_000,
    describe: 'Added to the provider’s own timers before a payment counts as expired; ms',
  }),
});

export type __Name__Config = ConfigOf<typeof __name__Config.fields>;

/** What the migration command needs. */
export const migrationConfig = defineConfig({
  adminUrl: env('TOLEM_DATABASE_ADMIN_URL', postgres, {
    secret: true,
    describe: 'Connection URL of a role that may create roles and schemas; used by migrations only',
  }),
  databaseUrl,
});

/** The process' environment, for the entry points of this service. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;
