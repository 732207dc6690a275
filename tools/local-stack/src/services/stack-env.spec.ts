import { PROVIDERS } from '@tolem/contracts';
import { describe, expect, it } from '@jest/globals';
import { makeSecrets } from '../tolem-folder/secrets.ts';
import {
  inheritedEnvironment,
  migrateEnvironment,
  SERVICES,
  serviceEnvironment,
  type StackAddresses,
  topicsEnvironment,
} from './stack-env.ts';

const secrets = makeSecrets();
const at: StackAddresses = {
  gatewayPort: 8081,
  managementPort: 9091,
  postgresPort: 5433,
  kaspiUrls: { r1: 'https://127.0.0.1:8543', r3: 'https://127.0.0.1:8546' },
};
const shared = { brokers: ['127.0.0.1:9092', '127.0.0.1:9093'], redisUrl: 'redis://127.0.0.1:6379' };
const SHARED_VARIABLES = [
  'TOLEM_KAFKA_BROKERS',
  'TOLEM_LOG_LEVEL',
  'TOLEM_MANAGEMENT_PORT',
  'TOLEM_MASTER_KEY',
  'TOLEM_REDIS_URL',
];
const ADMIN = 'postgres://postgres:secret@127.0.0.1:5433/postgres';

describe('the environment of a process of the house', () => {
  it('one process with all services gets what all of them need, and neither brokers nor Redis', () => {
    const services = serviceEnvironment(secrets, at);
    expect(services).toMatchObject({
      TOLEM_GATEWAY_PORT: '8081',
      TOLEM_MANAGEMENT_PORT: '9091',
      TOLEM_PROVIDER_URLS: '{"kaspi":{"test":{"r1":"https://127.0.0.1:8543","r3":"https://127.0.0.1:8546"}}}',
    });
    expect(services['TOLEM_KASPI_DATABASE_URL']).toMatch(
      /^postgres:\/\/tolem_kaspi:[0-9a-f]{48}@127\.0\.0\.1:5433\/tolem$/,
    );
    expect(Object.keys(services).filter((name) => /KAFKA|REDIS/.test(name))).toEqual([]);
  });

  it('a gateway alone gets its own databases and the operator’s key, and no provider’s database', () => {
    const gateway = serviceEnvironment(secrets, { ...at, shared }, ['gateway']);
    expect(Object.keys(gateway).sort()).toEqual(
      [
        ...SHARED_VARIABLES,
        'TOLEM_GATEWAY_DATABASE_URL',
        'TOLEM_GATEWAY_HOST',
        'TOLEM_GATEWAY_PORT',
        'TOLEM_GATEWAY_WORKER_DATABASE_URL',
        'TOLEM_OPERATOR_KEY',
        'TOLEM_PROVIDER_URLS',
        'TOLEM_WEBHOOK_ALLOWED_NETWORKS',
      ].sort(),
    );
    expect(gateway).toMatchObject({
      TOLEM_KAFKA_BROKERS: '127.0.0.1:9092,127.0.0.1:9093',
      TOLEM_REDIS_URL: 'redis://127.0.0.1:6379',
    });
  });

  it.each(PROVIDERS.map(({ name }) => name))('%s alone gets its own database and nothing of the gateway', (name) => {
    const provider = serviceEnvironment(secrets, { ...at, shared }, [name]);
    const own = `TOLEM_${name.toUpperCase()}_DATABASE_URL`;
    expect(Object.keys(provider).sort()).toEqual([...SHARED_VARIABLES, own].sort());
    expect(JSON.stringify(provider)).not.toContain(secrets.operatorKey);
  });

  it('a proxy for calls to providers is told to the services that make them, and to nobody else', () => {
    const proxied = { ...at, egressProxyUrl: 'http://127.0.0.1:3128' };
    expect(serviceEnvironment(secrets, proxied, ['kaspi'])).toMatchObject({
      TOLEM_KASPI_EGRESS_PROXIES: 'http://127.0.0.1:3128',
    });
    expect(serviceEnvironment(secrets, proxied, ['gateway'])).toEqual(serviceEnvironment(secrets, at, ['gateway']));
  });

  it('the superuser’s address reaches the migrate commands only, and they get no keys', () => {
    const services = serviceEnvironment(secrets, at, ['gateway']);
    expect(JSON.stringify(services)).not.toContain('postgres:secret');
    expect(migrateEnvironment(services, ADMIN)).toEqual({
      TOLEM_DATABASE_ADMIN_URL: 'postgres://postgres:secret@127.0.0.1:5433/tolem',
      TOLEM_GATEWAY_DATABASE_URL: services['TOLEM_GATEWAY_DATABASE_URL'],
      TOLEM_GATEWAY_WORKER_DATABASE_URL: services['TOLEM_GATEWAY_WORKER_DATABASE_URL'],
    });
  });

  it('whoever makes the topics knows the brokers alone, and asks one broker for one copy', () => {
    expect(topicsEnvironment(shared)).toEqual({
      TOLEM_KAFKA_BROKERS: '127.0.0.1:9092,127.0.0.1:9093',
      TOLEM_KAFKA_REPLICATION: '1',
      TOLEM_KAFKA_MIN_IN_SYNC: '1',
    });
  });
});

describe('what a process takes of the shell', () => {
  const shell = {
    PATH: '/bin',
    TOLEM_OTLP_URL: 'http://127.0.0.1:4318',
    TOLEM_KAFKA_PARTITIONS: '3',
    TOLEM_KASPI_GRACE_MS: '1000',
    TOLEM_GATEWAY_MAX_WAITERS: '9',
    TOLEM_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
    TOLEM_OPERATOR_KEY_FILE: '/secrets/operator',
    TOLEM_MASTER_KEY_FILE: '/secrets/master',
    TOLEM_DATABASE_ADMIN_URL: ADMIN,
  };
  const common = ['PATH', 'TOLEM_KAFKA_PARTITIONS', 'TOLEM_OTLP_URL'];

  it.each([
    [['gateway'], ['TOLEM_GATEWAY_MAX_WAITERS', 'TOLEM_WEBHOOK_ALLOWED_NETWORKS']],
    [['kaspi'], ['TOLEM_KASPI_GRACE_MS']],
    [SERVICES, ['TOLEM_GATEWAY_MAX_WAITERS', 'TOLEM_KASPI_GRACE_MS', 'TOLEM_WEBHOOK_ALLOWED_NETWORKS']],
    [[], []],
  ])('%j: what is meant for it and for all, and no file of a variable that it is given', (services, theirs) => {
    const given = serviceEnvironment(secrets, at, services);
    expect(Object.keys(inheritedEnvironment(services, given, shell)).sort()).toEqual([...common, ...theirs].sort());
  });
});
