import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { busTopology } from './bus-topology.ts';
import { distributedConfig, kafkaConnection } from './distributed-config.ts';

const COMPLETE = {
  TOLEM_KAFKA_BROKERS: 'a:9092, b:9093,[::1]:9094',
  TOLEM_REDIS_URL: 'redis://:word@127.0.0.1:6379/0',
};

const PEM = '-----BEGIN CERTIFICATE-----\n';

describe('what processes of an installation share', () => {
  it('is configured with brokers and a Redis', () => {
    const config = distributedConfig.load(COMPLETE);
    expect(config.brokers).toEqual(['a:9092', 'b:9093', '[::1]:9094']);
    expect(kafkaConnection(config)).toEqual({ brokers: ['a:9092', 'b:9093', '[::1]:9094'] });
  });

  it('takes TLS with an authority of its own, and SASL', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tolem-kafka-'));
    try {
      const ca = join(folder, 'ca.pem');
      writeFileSync(ca, PEM);
      const config = distributedConfig.load({
        ...COMPLETE,
        TOLEM_KAFKA_TLS: 'yes',
        TOLEM_KAFKA_CA_PATH: ca,
        TOLEM_KAFKA_SASL_MECHANISM: 'scram-sha-512',
        TOLEM_KAFKA_SASL_USERNAME: 'tolem',
        TOLEM_KAFKA_SASL_PASSWORD: 'secret',
      });
      expect(kafkaConnection(config)).toMatchObject({
        tls: { ca: PEM },
        sasl: { mechanism: 'scram-sha-512', username: 'tolem', password: 'secret' },
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ['TOLEM_KAFKA_BROKERS', 'kafka'],
    ['TOLEM_KAFKA_BROKERS', ' , '],
    ['TOLEM_REDIS_URL', 'http://127.0.0.1'],
    ['TOLEM_KAFKA_SASL_MECHANISM', 'gssapi'],
    ['TOLEM_BUS_PREFIX', 'with space'],
    ['TOLEM_KAFKA_TLS', 'perhaps'],
    ['TOLEM_KAFKA_CA_PATH', '/nowhere/ca.pem'],
    ['TOLEM_REDIS_CA_PATH', '/nowhere/ca.pem'],
  ])('refuses %s = "%s", naming it', (variable, value) => {
    expect(() => distributedConfig.load({ ...COMPLETE, [variable]: value })).toThrow(variable);
  });

  it('names everything that does not fit together in one message, beside every other mistake, and no password', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tolem-kafka-'));
    try {
      const ca = join(folder, 'ca.pem');
      writeFileSync(ca, PEM);
      const load = (): unknown =>
        distributedConfig.load({
          TOLEM_REDIS_URL: 'redis://:hush@127.0.0.1',
          TOLEM_REDIS_CA_PATH: ca,
          TOLEM_KAFKA_CA_PATH: ca,
          TOLEM_KAFKA_SASL_MECHANISM: 'plain',
          TOLEM_KAFKA_SASL_PASSWORD: 'hush',
        });
      expect(load).toThrow('5 mistakes');
      for (const said of [
        'TOLEM_KAFKA_BROKERS: is not set',
        'TOLEM_KAFKA_CA_PATH: is set, and TOLEM_KAFKA_TLS is not',
        'TOLEM_KAFKA_SASL_MECHANISM: is plain, which sends the password readably',
        'TOLEM_KAFKA_SASL_USERNAME: is not set',
        'TOLEM_REDIS_CA_PATH: is set, and TOLEM_REDIS_URL does not begin with rediss://',
      ]) {
        expect(load).toThrow(said);
      }
      expect(load).not.toThrow('hush');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('takes SASL PLAIN over TLS only, SCRAM without it too, and neither without name and password', () => {
    const who = { TOLEM_KAFKA_SASL_USERNAME: 'tolem', TOLEM_KAFKA_SASL_PASSWORD: 'hush' };
    const plain = { ...COMPLETE, TOLEM_KAFKA_SASL_MECHANISM: 'plain' };
    expect(() => distributedConfig.load({ ...plain, ...who })).toThrow('TOLEM_KAFKA_TLS is not set');
    expect(distributedConfig.load({ ...plain, ...who, TOLEM_KAFKA_TLS: 'yes' }).saslMechanism).toBe('plain');
    const scram = { ...COMPLETE, TOLEM_KAFKA_SASL_MECHANISM: 'scram-sha-512' };
    expect(distributedConfig.load({ ...scram, ...who }).saslUsername).toBe('tolem');
    expect(() => distributedConfig.load(scram)).toThrow('2 mistakes');
  });

  it('shows neither the password of Redis nor that of Kafka', () => {
    const config = distributedConfig.load({ ...COMPLETE, TOLEM_KAFKA_SASL_PASSWORD: 'hush' });
    const shown = JSON.stringify(distributedConfig.masked(config));
    expect(shown).not.toContain('word');
    expect(shown).not.toContain('hush');
  });
});

describe('the topology of the bus', () => {
  it('gives every provider its commands, and the gateway everything that they tell', () => {
    expect(busTopology(['kaspi', 'other'])).toEqual({
      events: ['gateway'],
      'commands.kaspi': ['kaspi'],
      'commands.other': ['other'],
    });
  });
});
