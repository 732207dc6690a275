import kafkajs, { type Kafka, type KafkaConfig, type RetryOptions, type SASLOptions } from 'kafkajs';
import { patchKafkajs } from './kafka-patch.ts';

/** How to reach the brokers, and who we are there. */
export interface KafkaConnection {
  /** `host:port` of brokers to begin with; the others are learned from them. */
  readonly brokers: readonly string[];
  /** Shown in the brokers' logs and quotas. */
  readonly clientId: string;
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
}

/** PEM texts. An empty object means: encrypted, with the certificate authorities that Node trusts. */
export interface KafkaTls {
  /** Authority of the brokers' certificates. */
  readonly ca?: string;
  /** Our own certificate and key, where brokers ask for them. */
  readonly cert?: string;
  readonly key?: string;
  /** The name in the brokers' certificates, where it differs from the host that is connected to. */
  readonly serverName?: string;
}

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

const CONNECT_TIMEOUT_MS = 3_000;
/** A broker that is stopped but not gone answers nothing; waiting longer for it only delays the next attempt. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Of one step, as finding a broker or sending a batch; who wants more tries the step again. */
export const FEW_RETRIES: RetryOptions = {
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  multiplier: 2,
  factor: 0.2,
  retries: 2,
};
/** Of a member of a group: some seconds in its place, before it leaves and begins anew. */
export const MEMBER_RETRIES: RetryOptions = { ...FEW_RETRIES, retries: 10 };

/** A client of the library, patched and silent: what matters comes as errors and events. */
export function kafkaClient(connection: KafkaConnection): Kafka {
  patchKafkajs();
  return new kafkajs.Kafka(kafkaConfigOf(connection));
}

export function kafkaConfigOf({ brokers, clientId, tls, sasl }: KafkaConnection): KafkaConfig {
  return {
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: FEW_RETRIES,
    logLevel: kafkajs.logLevel.NOTHING,
    ...(tls === undefined ? {} : { ssl: tlsOf(tls) }),
    ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
  };
}

function tlsOf({ ca, cert, key, serverName }: KafkaTls): NonNullable<KafkaConfig['ssl']> {
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError('a certificate for Kafka needs its key, and a key its certificate');
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

function saslOf({ mechanism, username, password }: KafkaSasl): SASLOptions {
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
  }
}
