import { address, type ConfigOf, defineConfig, env, oneOf, plainText, wholeNumber } from '@tolem/observability';
import { z } from 'zod';
import { KASPI_STATUS_VERSIONS } from './client/kaspi.client.ts';
import { KASPI_STATUS_MEANINGS, type KaspiStatusMeaning } from './statuses.ts';

const milliseconds = wholeNumber({ min: 100, max: 120_000 });
const postgres = address(['postgres', 'postgresql']);

/** `{"SomeNewStatus": "pending"}` as JSON text. */
const statusMeanings: z.ZodType<Readonly<Record<string, KaspiStatusMeaning>>> = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('is not JSON');
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string().max(64), z.enum(KASPI_STATUS_MEANINGS)));

const databaseUrl = env('TOLEM_KASPI_DATABASE_URL', postgres, {
  secret: true,
  describe: 'Connection URL of the service’s role, e.g. postgres://tolem_kaspi:…@127.0.0.1:5432/tolem',
});

/** Everything the Kaspi service can be told. */
export const kaspiConfig = defineConfig({
  databaseUrl,
  poolSize: env('TOLEM_KASPI_POOL_SIZE', wholeNumber({ min: 1, max: 500 }), {
    default: 6,
    describe: 'Most database connections',
  }),
  masterKey: env('TOLEM_MASTER_KEY', plainText(), {
    secret: true,
    describe: '32 bytes in base64, the same as the gateway’s; several separated by commas while one replaces another',
  }),
  connections: env('TOLEM_KASPI_CONNECTIONS', wholeNumber({ min: 1, max: 1_000 }), {
    default: 96,
    describe: 'Most connections to the bank per address and certificate; starts, polls and background work share them',
  }),
  connectTimeoutMs: env('TOLEM_KASPI_CONNECT_TIMEOUT_MS', milliseconds, {
    default: 3_000,
    describe: 'Longest time for connecting, TLS included; ms',
  }),
  startTimeoutMs: env('TOLEM_KASPI_START_TIMEOUT_MS', milliseconds, {
    default: 8_000,
    describe: 'Longest call that creates or registers something; ms',
  }),
  readTimeoutMs: env('TOLEM_KASPI_READ_TIMEOUT_MS', milliseconds, {
    default: 10_000,
    describe: 'Longest call that only asks; ms',
  }),
  graceMs: env('TOLEM_KASPI_GRACE_MS', wholeNumber({ min: 0, max: 60_000 }), {
    default: 5_000,
    describe: 'Added to the bank’s own timers before a code counts as expired; ms',
  }),
  statusVersion: env('TOLEM_KASPI_STATUS_VERSION', oneOf(KASPI_STATUS_VERSIONS), {
    default: 'v01',
    describe: `Version of the method payment/status: ${KASPI_STATUS_VERSIONS.join(', ')}`,
  }),
  statusMeanings: env('TOLEM_KASPI_STATUS_MEANINGS', statusMeanings, {
    default: {},
    describe: `New status words of the bank as JSON {word: meaning}; meanings: ${KASPI_STATUS_MEANINGS.join(', ')}`,
  }),
});

export type KaspiConfig = ConfigOf<typeof kaspiConfig.fields>;

/** What the migration command needs. */
export const migrationConfig = defineConfig({
  adminUrl: env('TOLEM_DATABASE_ADMIN_URL', postgres, {
    secret: true,
    describe: 'Connection URL of a role that may create roles and schemas; used by migrations only',
  }),
  databaseUrl,
});

/** What the command over dead letters needs. */
export const deadLettersConfig = defineConfig({ databaseUrl });

/** The process' environment, for the entry points of this service. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;
