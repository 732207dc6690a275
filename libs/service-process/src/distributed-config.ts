import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { KafkaConnection, KafkaTls } from '@tolem/messaging';
import {
  address,
  commaList,
  type ConfigFields,
  type ConfigDefinition,
  type ConfigOf,
  ConfigurationError,
  type ConfigurationMistake,
  defineConfig,
  env,
  type EnvField,
  type Environment,
  loadTogether,
  oneOf,
  plainText,
  yesNo,
} from '@tolem/observability';
import { z } from 'zod';

/** The path of a file with certificates, which is there and can be read. */
const certificatesFile = (): z.ZodType<string> =>
  plainText().refine(
    (path) => canBeRead(() => new X509Certificate(readFileSync(path))),
    'is no file with a certificate (PEM)',
  );

/** The path of a file with a key, which is there, can be read and asks for no pass phrase: nobody could give it. */
const keyFile = (): z.ZodType<string> =>
  plainText().refine(
    (path) => canBeRead(() => createPrivateKey(readFileSync(path))),
    'is no file with a private key (PEM, without a pass phrase)',
  );

function canBeRead(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

/** Where the brokers are and who we are there; for services and for the command that makes topics. */
export const kafkaFields = {
  brokers: env(
    'TOLEM_KAFKA_BROKERS',
    commaList().pipe(
      z.array(z.string().regex(/^[^\s:]+:\d{1,5}$|^\[[^\]]+\]:\d{1,5}$/, 'is not host:port')).min(1, 'names no broker'),
    ),
    { describe: 'Kafka brokers to begin with, host:port, separated by commas' },
  ),
  busPrefix: env(
    'TOLEM_BUS_PREFIX',
    z.string().regex(/^[A-Za-z0-9._-]{0,60}$/, 'has characters that Kafka does not take'),
    {
      default: '',
      describe: 'Before the names of topics and consumer groups, where installations share brokers',
    },
  ),
  kafkaTls: env('TOLEM_KAFKA_TLS', yesNo(), { default: false, describe: 'Whether brokers are spoken to over TLS' }),
  kafkaCaFile: env('TOLEM_KAFKA_CA_PATH', certificatesFile(), {
    optional: true,
    describe: 'PEM file of the authority of the brokers’ certificates; empty: those that Node trusts',
  }),
  kafkaCertFile: env('TOLEM_KAFKA_CERT_PATH', certificatesFile(), {
    optional: true,
    describe: 'PEM file of our own certificate, where the brokers ask for one; its authorities below it',
  }),
  kafkaKeyFile: env('TOLEM_KAFKA_KEY_PATH', keyFile(), {
    optional: true,
    describe: 'PEM file of the key of that certificate, without a pass phrase',
  }),
  saslMechanism: env('TOLEM_KAFKA_SASL_MECHANISM', oneOf(['none', 'plain', 'scram-sha-256', 'scram-sha-512']), {
    default: 'none',
    describe: 'How the brokers ask who we are: none, plain (over TLS only), scram-sha-256, scram-sha-512',
  }),
  saslUsername: env('TOLEM_KAFKA_SASL_USERNAME', plainText({ max: 255 }), {
    optional: true,
    describe: 'Name for SASL',
  }),
  saslPassword: env('TOLEM_KAFKA_SASL_PASSWORD', plainText({ max: 1024 }), {
    optional: true,
    secret: true,
    describe: 'Password for SASL',
  }),
};

const redisFields = {
  redisUrl: env('TOLEM_REDIS_URL', address(['redis', 'rediss']), {
    secret: true,
    describe: 'Redis ≥ 6.2 or Valkey that evicts nothing: redis(s)://user:password@host:port/db',
  }),
  redisCaFile: env('TOLEM_REDIS_CA_PATH', certificatesFile(), {
    optional: true,
    describe: 'PEM file of the authority of Redis’ certificate; empty: those that Node trusts',
  }),
  redisPrefix: env(
    'TOLEM_REDIS_PREFIX',
    z.string().regex(/^[A-Za-z0-9._:-]{1,60}$/, 'has other characters than letters, digits and ._:-'),
    {
      default: 'tolem:',
      describe: 'Before every key and channel, where installations share a Redis',
    },
  ),
};

const { kafkaTls, kafkaCaFile, kafkaCertFile, kafkaKeyFile, saslMechanism, saslUsername, saslPassword } = kafkaFields;
const securityConfig = defineConfig({
  ...{ kafkaTls, kafkaCaFile, kafkaCertFile, kafkaKeyFile },
  ...{ saslMechanism, saslUsername, saslPassword },
});
const { redisUrl, redisCaFile } = redisFields;
const redisSecurityConfig = defineConfig({ redisUrl, redisCaFile });

/** What of the brokers' security does not fit together: a process must not send a password that everybody can read. */
function kafkaMistakes(config: SecurityConfig): ConfigurationMistake[] {
  const usesSasl = config.saslMechanism !== 'none';
  const lacks = `is not set, and ${saslMechanism.variable} asks for it`;
  return [
    ...(config.kafkaTls ? [] : withoutTls(config)),
    ...pairMistakes(config),
    ...(config.saslMechanism === 'plain' && !config.kafkaTls
      ? [mistake(saslMechanism, `is plain, which sends the password readably, and ${kafkaTls.variable} is not set`)]
      : []),
    ...(usesSasl && config.saslUsername === undefined ? [mistake(saslUsername, lacks)] : []),
    ...(usesSasl && config.saslPassword === undefined ? [mistake(saslPassword, lacks)] : []),
  ];
}

type SecurityConfig = ConfigOf<typeof securityConfig.fields>;

function withoutTls(config: SecurityConfig): ConfigurationMistake[] {
  const files = { kafkaCaFile, kafkaCertFile, kafkaKeyFile };
  const set = (Object.keys(files) as (keyof typeof files)[]).filter((name) => config[name] !== undefined);
  return set.map((name) => mistake(files[name], `is set, and ${kafkaTls.variable} is not`));
}

function pairMistakes({ kafkaCertFile: cert, kafkaKeyFile: key }: SecurityConfig): ConfigurationMistake[] {
  const lacks = (other: EnvField<unknown>): string => `is not set, and ${other.variable} is`;
  if (cert === undefined) return key === undefined ? [] : [mistake(kafkaCertFile, lacks(kafkaKeyFile))];
  if (key === undefined) return [mistake(kafkaKeyFile, lacks(kafkaCertFile))];
  const fits = new X509Certificate(readFileSync(cert)).checkPrivateKey(createPrivateKey(readFileSync(key)));
  return fits ? [] : [mistake(kafkaKeyFile, `is not the key of the certificate of ${kafkaCertFile.variable}`)];
}

function redisMistakes(config: ConfigOf<typeof redisSecurityConfig.fields>): ConfigurationMistake[] {
  if (config.redisCaFile === undefined || config.redisUrl.startsWith('rediss:')) return [];
  return [mistake(redisCaFile, `is set, and ${redisUrl.variable} does not begin with rediss://`)];
}

function mistake({ variable, describe }: EnvField<unknown>, problem: string): ConfigurationMistake {
  return { variable, problem, expected: describe };
}

/** A configuration that is checked besides for what fits together. */
function checking<F extends ConfigFields, G extends ConfigFields>(
  definition: ConfigDefinition<F>,
  about: ConfigDefinition<G>,
  mistakesOf: (config: ConfigOf<G>) => ConfigurationMistake[],
): ConfigDefinition<F> {
  const check = (environment: Environment): void => {
    const mistakes = mistakesOf(about.load(environment));
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  };
  return {
    ...definition,
    load: (environment) => loadTogether(environment, { all: (from) => definition.load(from), check }).all,
  };
}

/** A configuration with the brokers' fields, every mistake of theirs named. */
export const withKafkaChecks = <F extends ConfigFields>(definition: ConfigDefinition<F>): ConfigDefinition<F> =>
  checking(definition, securityConfig, kafkaMistakes);

/** What services share with each other where each is a process of its own. */
export const distributedConfig = checking(
  withKafkaChecks(defineConfig({ ...kafkaFields, ...redisFields })),
  redisSecurityConfig,
  redisMistakes,
);
export type DistributedConfig = ConfigOf<typeof distributedConfig.fields>;

type KafkaConfig = Pick<DistributedConfig, keyof typeof kafkaFields>;

/** The connection as the bus takes it. Throws where a file cannot be read. */
export function kafkaConnection(config: KafkaConfig): Omit<KafkaConnection, 'clientId'> {
  const { brokers, saslMechanism, saslUsername = '', saslPassword = '' } = config;
  return {
    brokers,
    ...(config.kafkaTls ? { tls: tlsOf(config) } : {}),
    ...(saslMechanism === 'none'
      ? {}
      : { sasl: { mechanism: saslMechanism, username: saslUsername, password: saslPassword } }),
  };
}

function tlsOf({ kafkaCaFile, kafkaCertFile, kafkaKeyFile }: KafkaConfig): KafkaTls {
  const files = { ca: kafkaCaFile, cert: kafkaCertFile, key: kafkaKeyFile };
  return Object.fromEntries(
    Object.entries(files).flatMap(([name, path]) => (path === undefined ? [] : [[name, readFileSync(path, 'utf8')]])),
  );
}
