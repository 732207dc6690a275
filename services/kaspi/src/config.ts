import { proxyAddress } from '@tolem/egress';
import {
  address,
  commaList,
  ConfigurationError,
  type ConfigOf,
  defineConfig,
  env,
  type Environment,
  oneOf,
  plainText,
  wholeNumber,
  yesNo,
} from '@tolem/observability';
import { areMasterKeys } from '@tolem/persistence';
import { z } from 'zod';
import { certificateFiles } from './certificates/certificate-files.schema.ts';
import { KASPI_STATUS_VERSIONS } from './client/kaspi.client.ts';
import { CONFIGURABLE_CLASSES } from './answers/codes.ts';
import { codeMeanings, returnStatusMeanings, statusMeanings } from './answers/meanings.schema.ts';
import { KASPI_RETURN_STATUS_MEANINGS, KASPI_STATUS_MEANINGS } from './answers/statuses.ts';

const milliseconds = wholeNumber({ min: 100, max: 120_000 });
const postgres = address(['postgres', 'postgresql']);

const MAX_PROXIES = 8;

/** Addresses with passwords perhaps: the messages repeat none of them. */
const proxies: z.ZodType<string[]> = commaList().pipe(
  z
    .array(z.string().refine((url) => proxyAddress(url).ok, 'is no address of a proxy'))
    .max(MAX_PROXIES, `has more than ${MAX_PROXIES} parts`)
    .refine((urls) => new Set(urls.map(proxyName)).size === urls.length, 'names the same proxy twice'),
);

function proxyName(url: string): string {
  const read = proxyAddress(url);
  return read.ok ? read.proxy.name : url;
}

const databaseUrl = env('TOLEM_KASPI_DATABASE_URL', postgres, {
  secret: true,
  describe: 'Connection URL of the service’s role, e.g. postgres://tolem_kaspi:…@127.0.0.1:5432/tolem',
});

const definition = defineConfig({
  databaseUrl,
  poolSize: env('TOLEM_KASPI_POOL_SIZE', wholeNumber({ min: 1, max: 500 }), {
    default: 6,
    describe: 'Most database connections',
  }),
  masterKey: env('TOLEM_MASTER_KEY', z.string().refine(areMasterKeys, 'is no master key'), {
    secret: true,
    describe: '32 bytes in base64, the same as the gateway’s; several separated by commas while one replaces another',
  }),
  connections: env('TOLEM_KASPI_CONNECTIONS', wholeNumber({ min: 1, max: 1_000 }), {
    default: 96,
    describe:
      'Most connections to the bank per address and certificate; starts, polls and background work share them, background work of a process at most a quarter',
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
  writeTimeoutMs: env('TOLEM_KASPI_WRITE_TIMEOUT_MS', milliseconds, {
    default: 30_000,
    describe: 'Longest call that returns money, or sends or cancels an invoice; ms',
  }),
  resolveAfterMs: env('TOLEM_KASPI_RESOLVE_AFTER_MS', wholeNumber({ min: 1_000, max: 3_600_000 }), {
    default: 90_000,
    describe:
      'How long after a return of money whose answer was lost it may be judged “not performed”; at least the longest such call and a minute; ms',
  }),
  unchangedOverMs: env('TOLEM_KASPI_UNCHANGED_OVER_MS', wholeNumber({ min: 1_000, max: 3_600_000 }), {
    default: 120_000,
    describe: 'Over how long the bank’s books must show no trace of it in three readings; ms',
  }),
  repeatRefunds: env('TOLEM_KASPI_REPEAT_REFUNDS', yesNo(), {
    default: true,
    describe:
      'Whether a return of money under scheme r3 that was judged “not performed” is sent once more by itself; false: it fails and the cashier decides',
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
  returnStatusMeanings: env('TOLEM_KASPI_RETURN_STATUS_MEANINGS', returnStatusMeanings, {
    default: {},
    describe: `New status words of refund codes as JSON {word: meaning}; meanings: ${KASPI_RETURN_STATUS_MEANINGS.join(', ')}`,
  }),
  codeMeanings: env('TOLEM_KASPI_CODE_MEANINGS', codeMeanings, {
    default: {},
    describe: `StatusCodes that the bank’s document does not describe as JSON {code: meaning}; meanings: ${CONFIGURABLE_CLASSES.join(', ')}; setup and request say that the bank did nothing, also of a refund or an invoice: only what the bank has stated may stand here`,
  }),
  certificateFiles: env('TOLEM_KASPI_CERTIFICATE_FILES', certificateFiles, {
    default: {},
    describe:
      'Certificates that lie in files, as JSON {id: {certificate, private_key or pfx, pass_phrase_file, ca}}, each a path; changed files are noticed within seconds; empty: none',
  }),
  egressProxies: env('TOLEM_KASPI_EGRESS_PROXIES', proxies, {
    default: [],
    secret: true,
    describe:
      'Forward proxies that all calls to the bank go through, in the order of preference, with commas between: http(s)://[user:password@]host:port, at most 8; empty: none',
  }),
  egressProxyCa: env('TOLEM_KASPI_EGRESS_PROXY_CA', plainText({ max: 65_536 }), {
    optional: true,
    describe: 'Certificates (PEM) that proxies with https:// are trusted by; empty: the public list',
  }),
  egressSourceAddress: env('TOLEM_KASPI_EGRESS_SOURCE_ADDRESS', z.union([z.ipv4(), z.ipv6()], 'is no IP address'), {
    optional: true,
    describe: 'IP address of this machine that all calls to the bank leave from; empty: whichever the system picks',
  }),
});

/** Everything the Kaspi service can be told. */
export const kaspiConfig: typeof definition = {
  ...definition,
  load(environment: Environment) {
    const config = definition.load(environment);
    if (config.egressProxies.length === 0 || config.egressSourceAddress === undefined) return config;
    const { variable, describe } = definition.fields.egressSourceAddress;
    const problem = `is set, and ${definition.fields.egressProxies.variable} too; only one of them may be`;
    throw new ConfigurationError([{ variable, problem, expected: describe }]);
  },
};

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
