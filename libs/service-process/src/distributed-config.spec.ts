import { createPrivateKey } from 'node:crypto';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { busTopology } from './bus-topology.ts';
import { distributedConfig, kafkaConnection } from './distributed-config.ts';

const COMPLETE = {
  TOLEM_KAFKA_BROKERS: 'a:9092, b:9093,[::1]:9094',
  TOLEM_REDIS_URL: 'redis://:word@127.0.0.1:6379/0',
};

interface Issued {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}
type CreateAuthority = (name: string) => Promise<Issued & { issue(name: string): Promise<Issued> }>;
const AUTHORITIES = new URL('../../egress/test/tls-fixtures.ts', import.meta.url).href;

let folder: string;
/** The path of a file with this text. */
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
let authority: Issued;
let client: Issued;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tolem-kafka-'));
  const { createAuthority } = (await import(AUTHORITIES)) as { createAuthority: CreateAuthority };
  const made = await createAuthority('brokers');
  authority = made;
  client = await made.issue('gateway');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('what processes of an installation share', () => {
  it('is configured with brokers and a Redis', () => {
    const config = distributedConfig.load(COMPLETE);
    expect(config.brokers).toEqual(['a:9092', 'b:9093', '[::1]:9094']);
    expect(kafkaConnection(config)).toEqual({ brokers: ['a:9092', 'b:9093', '[::1]:9094'] });
  });

  it('takes TLS with an authority of its own, a certificate of ours, and SASL', () => {
    const config = distributedConfig.load({
      ...COMPLETE,
      TOLEM_KAFKA_TLS: 'yes',
      TOLEM_KAFKA_CA_PATH: file('ca.pem', authority.certificatePem),
      TOLEM_KAFKA_CERT_PATH: file('cert.pem', `${client.certificatePem}\n${authority.certificatePem}`),
      TOLEM_KAFKA_KEY_PATH: file('key.pem', client.privateKeyPem),
      TOLEM_KAFKA_SASL_MECHANISM: 'scram-sha-512',
      TOLEM_KAFKA_SASL_USERNAME: 'tolem',
      TOLEM_KAFKA_SASL_PASSWORD: 'secret',
    });
    expect(kafkaConnection(config)).toMatchObject({
      tls: {
        ca: authority.certificatePem,
        cert: `${client.certificatePem}\n${authority.certificatePem}`,
        key: client.privateKeyPem,
      },
      sasl: { mechanism: 'scram-sha-512', username: 'tolem', password: 'secret' },
    });
  });

  it('takes a certificate of ours with its key only, over TLS only, and names what is missing or does not fit', () => {
    const cert = { TOLEM_KAFKA_CERT_PATH: file('cert.pem', client.certificatePem) };
    const key = { TOLEM_KAFKA_KEY_PATH: file('key.pem', client.privateKeyPem) };
    const said = (more: Record<string, string>): string => {
      try {
        distributedConfig.load({ ...COMPLETE, ...more });
        return 'nothing';
      } catch (error) {
        return String(error);
      }
    };
    const tls = { TOLEM_KAFKA_TLS: 'yes' };
    expect(said({ ...tls, ...cert, ...key })).toBe('nothing');
    expect(said({ ...tls, ...cert })).toContain('TOLEM_KAFKA_KEY_PATH: is not set, and TOLEM_KAFKA_CERT_PATH is');
    expect(said({ ...tls, ...key })).toContain('TOLEM_KAFKA_CERT_PATH: is not set, and TOLEM_KAFKA_KEY_PATH is');
    const without = said({ ...cert, ...key });
    expect(without).toContain('TOLEM_KAFKA_CERT_PATH: is set, and TOLEM_KAFKA_TLS is not');
    expect(without).toContain('TOLEM_KAFKA_KEY_PATH: is set, and TOLEM_KAFKA_TLS is not');
    const others = { TOLEM_KAFKA_KEY_PATH: file('others.pem', authority.privateKeyPem) };
    expect(said({ ...tls, ...cert, ...others })).toContain(
      'TOLEM_KAFKA_KEY_PATH: is not the key of the certificate of TOLEM_KAFKA_CERT_PATH',
    );
    const locked = createPrivateKey(client.privateKeyPem)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hush' })
      .toString();
    const closed = said({ ...tls, ...cert, TOLEM_KAFKA_KEY_PATH: file('locked.pem', locked) });
    expect(closed).toContain('without a pass phrase');
  });

  it.each([
    ['TOLEM_KAFKA_BROKERS', 'kafka'],
    ['TOLEM_KAFKA_BROKERS', ' , '],
    ['TOLEM_REDIS_URL', 'http://127.0.0.1'],
    ['TOLEM_KAFKA_SASL_MECHANISM', 'gssapi'],
    ['TOLEM_BUS_PREFIX', 'with space'],
    ['TOLEM_KAFKA_TLS', 'perhaps'],
    ['TOLEM_KAFKA_CA_PATH', '/nowhere/ca.pem'],
    ['TOLEM_KAFKA_CERT_PATH', '/nowhere/cert.pem'],
    ['TOLEM_KAFKA_KEY_PATH', '/nowhere/key.pem'],
    ['TOLEM_REDIS_CA_PATH', '/nowhere/ca.pem'],
  ])('refuses %s = "%s", naming it', (variable, value) => {
    expect(() => distributedConfig.load({ ...COMPLETE, [variable]: value })).toThrow(variable);
  });

  it('names everything that does not fit together in one message, beside every other mistake, and no password', () => {
    const ca = file('ca.pem', authority.certificatePem);
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
