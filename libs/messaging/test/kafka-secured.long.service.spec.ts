import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import {
  createTopics,
  type KafkaBus,
  type KafkaSasl,
  type KafkaTls,
  parkedTopic,
  startKafkaBus,
} from '../src/index.ts';
import { message, rowsOf } from './messages.ts';
import { KAFKA_START_TIMEOUT_MS, type OwnKafka, ownKafka, prefixOf } from './test-kafka.ts';

const COMMANDS = 'commands.kaspi';
const USER = { name: 'tolem', password: 'correcthorse' };
const RETENTION_MS = 3_600_000;

interface Issued {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}
interface Authority extends Issued {
  issue(name: string): Promise<Issued>;
}
const AUTHORITIES = new URL('../../egress/test/tls-fixtures.ts', import.meta.url).href;

let folder: string;
let kafka: OwnKafka;
let authority: Authority;
let stranger: Authority;
let tls: Required<Pick<KafkaTls, 'ca' | 'cert' | 'key'>>;
const signIn = (mechanism: KafkaSasl['mechanism'], password = USER.password): KafkaSasl => ({
  mechanism,
  username: USER.name,
  password,
});

beforeAll(async () => {
  const { createAuthority } = (await import(AUTHORITIES)) as { createAuthority(name: string): Promise<Authority> };
  folder = await mkdtemp(join(tmpdir(), 'tolem-secured-kafka-'));
  authority = await createAuthority('of brokers and clients');
  stranger = await createAuthority('of somebody else');
  const [broker, client] = [await authority.issue('broker'), await authority.issue('gateway')];
  tls = { ca: authority.certificatePem, cert: client.certificatePem, key: client.privateKeyPem };
  const [keystore, truststore] = [join(folder, 'broker.pem'), join(folder, 'authority.pem')];
  await writeFile(keystore, `${broker.privateKeyPem}\n${broker.certificatePem}\n`);
  await writeFile(truststore, `${authority.certificatePem}\n`);
  kafka = await ownKafka({ secured: { keystore, truststore, user: USER } });
}, KAFKA_START_TIMEOUT_MS);

const opened: KafkaBus[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((bus) => bus.close()));
});
afterAll(async () => {
  await kafka.stop();
  await rm(folder, { recursive: true });
});

interface Member {
  readonly bus: KafkaBus;
  /** What it told whoever looks after it, in its words. */
  readonly told: string[];
}

/** Who somebody claims to be, and at which door: the secured one unless told. */
interface Visitor {
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
  readonly brokers?: readonly string[];
}

async function begin(world: string, as: Visitor): Promise<Member> {
  const told: string[] = [];
  const bus = await startKafkaBus({
    ...{ brokers: kafka.securedBrokers, clientId: 'spec', prefix: prefixOf(world), ...as },
    topology: { [COMMANDS]: ['kaspi'] },
    onError: (error, where) => told.push(`${where}: ${String(error)}`),
    onFatal: (error) => told.push(`fatal: ${String(error)}`),
    timing: { fetchWaitMs: 100, heartbeatMs: 200 },
  });
  opened.push(bus);
  return { bus, told };
}

describe('brokers that ask for a certificate and a password', () => {
  it.each(['plain', 'scram-sha-512'] as const)(
    'take topics, bring a message and are ready for whoever has both, by %s',
    async (mechanism) => {
      const as = { tls, sasl: signIn(mechanism) };
      const topics = [COMMANDS, parkedTopic('kaspi')].map((name) => ({
        ...{ name, partitions: 1, retentionMs: RETENTION_MS, replicationFactor: 1 },
      }));
      await createTopics({ ...as, brokers: kafka.securedBrokers, prefix: prefixOf(mechanism), topics });
      const { bus, told } = await begin(mechanism, as);
      const seen: unknown[] = [];
      bus.subscribe('kaspi', [COMMANDS], async (batch) => {
        seen.push(...batch.map(({ body }) => body));
        return batch.map(() => 'done');
      });
      expect(await Promise.all(bus.send(rowsOf(bus, message('sealed', { topic: COMMANDS }))))).toEqual([true]);
      await waitFor('the message', () => seen.length > 0);
      expect(seen).toEqual(['sealed']);
      await expect(bus.check()).resolves.toBeUndefined();
      expect(told).toEqual([]);
    },
  );

  const refusals: readonly (readonly [what: string, as: () => Visitor, why: RegExp])[] = [
    ['a wrong password', () => ({ tls, sasl: signIn('plain', 'guessed') }), /PLAIN .*Invalid username or password/],
    ['a wrong password of SCRAM', () => ({ tls, sasl: signIn('scram-sha-512', 'guessed') }), /SCRAM .*credentials/],
    ['an unknown name', () => ({ tls, sasl: { ...signIn('plain'), username: 'nobody' } }), /Invalid username/],
    [
      'a mechanism that they do not offer',
      () => ({ tls, sasl: signIn('scram-sha-256') }),
      /does not support the requested SASL/,
    ],
    ['no name at all', () => ({ tls }), /Closed connection/],
    ['another authority', () => ({ tls: { ...tls, ca: stranger.certificatePem }, sasl: signIn('plain') }), /verify/],
    ['the authorities of Node', () => ({ tls: { cert: tls.cert, key: tls.key }, sasl: signIn('plain') }), /verify/],
    ['no certificate of ours', () => ({ tls: { ca: tls.ca }, sasl: signIn('plain') }), /alert .*certificate/],
    ['clear text', () => ({ sasl: signIn('plain') }), /Closed connection/],
    [
      'TLS at the door of clear text',
      () => ({ tls, sasl: signIn('plain'), brokers: kafka.brokers }),
      /disconnected before/,
    ],
  ];
  it.each(refusals)(
    'met with %s give no hearing: nothing counts as sent, bus and consumer say why, and nobody is ready',
    async (_, as, why) => {
      const { bus, told } = await begin('refused', as());
      expect(await Promise.all(bus.send(rowsOf(bus, message('lost', { topic: COMMANDS }))))).toEqual([false]);
      bus.subscribe('kaspi', [COMMANDS], async (batch) => batch.map(() => 'done'));
      const said = (who: string): string | undefined => told.find((line) => line.startsWith(`${who}: `));
      await waitFor('the word of the consumer', () => said('kaspi'));
      for (const who of [COMMANDS, 'kaspi']) expect(said(who)).toMatch(why);
      await expect(bus.check()).rejects.toThrow(why);
    },
  );
});
