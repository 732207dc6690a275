import { readFileSync } from 'node:fs';
import type { KafkaConnection } from '@tolem/messaging';
import { address, commaList, type ConfigOf, defineConfig, env, oneOf, plainText, yesNo } from '@tolem/observability';
import { z } from 'zod';

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
  kafkaCaFile: env('TOLEM_KAFKA_CA_PATH', plainText(), {
    optional: true,
    describe: 'PEM file of the authority of the brokers’ certificates; empty: those that Node trusts',
  }),
  saslMechanism: env('TOLEM_KAFKA_SASL_MECHANISM', oneOf(['none', 'plain', 'scram-sha-256', 'scram-sha-512']), {
    default: 'none',
    describe: 'How the brokers ask who we are: none, plain, scram-sha-256, scram-sha-512',
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

/** What services share with each other where each is a process of its own. */
export const distributedConfig = defineConfig({
  ...kafkaFields,
  redisUrl: env('TOLEM_REDIS_URL', address(['redis', 'rediss']), {
    secret: true,
    describe: 'Redis ≥ 6.2 or Valkey that evicts nothing: redis(s)://user:password@host:port/db',
  }),
  redisCaFile: env('TOLEM_REDIS_CA_PATH', plainText(), {
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
});
export type DistributedConfig = ConfigOf<typeof distributedConfig.fields>;

type KafkaConfig = Pick<DistributedConfig, keyof typeof kafkaFields>;

/** The connection as the bus takes it. Throws where a file cannot be read. */
export function kafkaConnection(config: KafkaConfig): Omit<KafkaConnection, 'clientId'> {
  const { brokers, kafkaTls, kafkaCaFile, saslMechanism, saslUsername = '', saslPassword = '' } = config;
  return {
    brokers,
    ...(kafkaTls ? { tls: kafkaCaFile === undefined ? {} : { ca: readFileSync(kafkaCaFile, 'utf8') } } : {}),
    ...(saslMechanism === 'none'
      ? {}
      : { sasl: { mechanism: saslMechanism, username: saslUsername, password: saslPassword } }),
  };
}
