import { afterEach, beforeAll, expect } from '@jest/globals';
import { Egress } from '../src/index.ts';
import type { EgressOptions, EgressOutcome, EgressRequest } from '../src/index.ts';
import { createAuthority, startServer } from './tls-fixtures.ts';
import type { Authority, Behaviour, Issued, TestServer } from './tls-fixtures.ts';

/** Stands in every request; no outcome may ever repeat it. */
export const SECRET = 'device-token-4711';

export interface EgressBench {
  /** A TLS server whose authority the requests of `ask` trust. */
  server(behaviour: Behaviour): Promise<TestServer>;
  egress(options?: EgressOptions): Egress;
  ask(baseUrl: string, more?: Partial<EgressRequest>): EgressRequest;
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

  return {
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
    ask: (baseUrl, more = {}) => ({
      target: { baseUrl, caPem: authority.certificatePem },
      method: 'POST',
      path: '/pay',
      query: { token: SECRET },
      headers: { 'X-Token': SECRET },
      body: JSON.stringify({ DeviceToken: SECRET }),
      connectTimeoutMs: 2_000,
      totalTimeoutMs: 3_000,
      ...more,
    }),
    afterwards: (close) => void closing.push(close),
  };
}

/** Kind and reason (or status) in one line; checks on the way that nothing of the request stands in the outcome. */
export function shortly(outcome: EgressOutcome): string {
  if (outcome.kind === 'answered') return `answered: ${outcome.status}`;
  expect(outcome.detail).not.toContain(SECRET);
  expect(outcome.ms).toBeGreaterThanOrEqual(0);
  return `${outcome.kind}: ${outcome.reason}`;
}
