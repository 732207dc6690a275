import { afterEach, beforeAll, expect } from '@jest/globals';
import { Egress } from '../src/index.ts';
import type { EgressOptions, EgressOutcome, EgressRequest } from '../src/index.ts';
import { answerOk, createAuthority, startServer } from './tls-fixtures.ts';
import type { Authority, Behaviour, Issued, TestServer } from './tls-fixtures.ts';

/** Stands in every request; no outcome may ever repeat it. */
export const SECRET = 'device-token-4711';

export interface EgressBench {
  /** A TLS server whose authority the requests of `ask` trust. */
  server(behaviour: Behaviour): Promise<TestServer>;
  egress(options?: EgressOptions): Egress;
  ask(baseUrl: string, more?: Partial<EgressRequest>): EgressRequest;
  /**
   * A client that stands connected to a server which from now on behaves like that. Making a connection may take longer
   * than a short deadline on a busy machine; then it would not be the answer that was late.
   */
  connected(behaviour: Behaviour, options?: EgressOptions): Promise<{ client: Egress; target: TestServer }>;
  /** Runs after the test, last first. */
  afterwards(close: () => Promise<void>): void;
}

/** Servers and clients of one spec file, closed after each test. */
export function egressBench(): EgressBench {
  let authority: Authority;
  let identity: Issued;
  const closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    authority = await createAuthority('CA');
    identity = await authority.issue('server');
  });

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const bench: EgressBench = {
    async server(behaviour) {
      const started = await startServer(behaviour, { cert: identity.certificatePem, key: identity.privateKeyPem });
      closing.push(() => started.close());
      return started;
    },
    egress(options = {}) {
      const started = new Egress(options);
      closing.push(() => started.close());
      return started;
    },
    async connected(behaviour, options) {
      const target = await bench.server(answerOk);
      const client = bench.egress(options);
      expect(shortly(await client.request(bench.ask(target.url)))).toBe('answered: 200');
      target.behave(behaviour);
      return { client, target };
    },
    ask: (baseUrl, more = {}) => ({
      target: { baseUrl, caPem: authority.certificatePem },
      method: 'POST',
      path: '/pay',
      query: { token: SECRET },
      headers: { 'X-Token': SECRET },
      body: JSON.stringify({ DeviceToken: SECRET }),
      connectTimeoutMs: 10_000,
      totalTimeoutMs: 15_000,
      ...more,
    }),
    afterwards: (close) => void closing.push(close),
  };
  return bench;
}

/** Kind and reason (or status) in one line; checks on the way that nothing of the request stands in the outcome. */
export function shortly(outcome: EgressOutcome): string {
  if (outcome.kind === 'answered') return `answered: ${outcome.status}`;
  expect(outcome.detail).not.toContain(SECRET);
  expect(outcome.ms).toBeGreaterThanOrEqual(0);
  return `${outcome.kind}: ${outcome.reason}`;
}
