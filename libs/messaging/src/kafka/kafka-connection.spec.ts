import { describe, expect, it } from '@jest/globals';
import { kafkaConfigOf, type KafkaConnection, type KafkaSasl } from './kafka-connection.ts';

const PLAIN: KafkaConnection = { brokers: ['a:9092', 'b:9092'], clientId: 'gateway' };

describe('the connection to Kafka', () => {
  it('is neither encrypted nor authenticated unless it is told so', () => {
    const config = kafkaConfigOf(PLAIN);
    expect(config).toMatchObject({ brokers: ['a:9092', 'b:9092'], clientId: 'gateway' });
    expect(config).not.toHaveProperty('ssl');
    expect(config).not.toHaveProperty('sasl');
  });

  it('is encrypted by the mere presence of TLS, and never stops checking certificates', () => {
    expect(kafkaConfigOf({ ...PLAIN, tls: {} }).ssl).toEqual({});
    const tls = { ca: 'CA', cert: 'CERT', key: 'KEY', serverName: 'kafka.internal' };
    expect(kafkaConfigOf({ ...PLAIN, tls }).ssl).toEqual({
      ca: 'CA',
      cert: 'CERT',
      key: 'KEY',
      servername: 'kafka.internal',
    });
  });

  it('refuses a certificate without its key, and a key without its certificate', () => {
    expect(() => kafkaConfigOf({ ...PLAIN, tls: { cert: 'CERT' } })).toThrow(TypeError);
    expect(() => kafkaConfigOf({ ...PLAIN, tls: { key: 'KEY' } })).toThrow(TypeError);
  });

  it.each<KafkaSasl['mechanism']>(['plain', 'scram-sha-256', 'scram-sha-512'])('signs in by %s', (mechanism) => {
    const sasl = { mechanism, username: 'tolem', password: 'secret' };
    expect(kafkaConfigOf({ ...PLAIN, sasl }).sasl).toEqual(sasl);
  });
});
