import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DEMO_TAX_ID, type Onboarded, onboard, type OnboardingInput } from '../src/onboarding/onboard.ts';
import { type StubGateway, type StubOptions, startStubGateway } from './programs/stub-gateway.ts';

const OPERATOR = 'tlm_op_stub';
const KASPI_URLS = { r3: 'https://127.0.0.1:8545' };

describe('onboarding of the demo chain', () => {
  let folder = '';
  let gateway: StubGateway | undefined;

  const input = async (options: Partial<StubOptions> = {}): Promise<OnboardingInput> => {
    gateway ??= await startStubGateway({ operatorKey: OPERATOR, ...options });
    return {
      gatewayUrl: gateway.url,
      operatorKey: OPERATOR,
      stateFile: join(folder, 'state.json'),
      tls: { ca: join(folder, 'ca'), cert: join(folder, 'cert'), key: join(folder, 'key') },
      kaspiUrls: KASPI_URLS,
    };
  };
  const posts = (): string[] => (gateway?.seen ?? []).filter(({ method }) => method === 'POST').map(({ path }) => path);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tolem-onboard-'));
    for (const name of ['ca', 'cert', 'key']) await writeFile(join(folder, name), `PEM of ${name}`);
  });
  afterEach(async () => {
    await gateway?.close();
    gateway = undefined;
    await rm(folder, { recursive: true });
  });

  it('makes tenant, certificate, grant, organization, connection and desk, each with the key that may', async () => {
    const chain = await onboard(await input());
    expect(chain).toMatchObject({ tradePoint: 'tp_1', desk: 'desk-01', fresh: true, apiKey: 'tlm_test_stub' });
    const seen = gateway?.seen ?? [];
    expect(posts()).toEqual([
      '/v1/tenants',
      '/v1/certificates',
      '/v1/organizations',
      `/v1/organizations/${chain.organization}/connections`,
      '/v1/desks',
    ]);
    const bodyOf = (path: string): unknown => seen.find((request) => request.path === path)?.body;
    expect(bodyOf('/v1/certificates')).toMatchObject({
      certificate: 'PEM of cert',
      private_key: 'PEM of key',
      ca: 'PEM of ca',
    });
    expect(bodyOf(`/v1/certificates/${chain.certificate}/grants/${chain.tenant}`)).toEqual({ tax_ids: [DEMO_TAX_ID] });
    expect(bodyOf('/v1/organizations')).toMatchObject({ country: 'KZ', tax_id: DEMO_TAX_ID, max_amount: 200_000_000 });
    expect(bodyOf('/v1/desks')).toEqual({ organization: chain.organization, desk: 'desk-01', trade_point: 'tp_1' });
    expect((await stat(join(folder, 'state.json'))).mode & 0o777).toBe(0o600);
  });

  it('a second start finds everything and makes nothing', async () => {
    const first = await onboard(await input());
    const before = posts().length;
    const second = await onboard(await input());
    expect(second).toEqual({ ...first, fresh: false });
    expect(posts()).toHaveLength(before);
  });

  it.each(['/v1/certificates', '/v1/organizations', '/connections', '/trade_points', '/v1/desks'])(
    'an onboarding cut at %s goes on there and makes nothing twice',
    async (cut) => {
      let failing = true;
      const asked = await input({
        intercept: (request, answer) => {
          if (!failing || !request.path.endsWith(cut)) return false;
          answer(503, { code: 'unavailable', detail: 'not now' });
          return true;
        },
      });
      await expect(onboard(asked)).rejects.toThrow('503 unavailable: not now');
      failing = false;
      const chain: Onboarded = await onboard(asked);
      expect(chain.fresh).toBe(true);
      const made = new Set(
        (gateway?.seen ?? []).filter(({ method }) => method === 'POST').map((r) => `${r.path} ${r.idempotencyKey}`),
      );
      expect(made.size).toBe(5);
    },
  );

  it('a tenant whose secret was lost before it was written down is replaced by another one', async () => {
    const asked = await input();
    let lost = '';
    const url = asked.gatewayUrl;
    const seed = 'a-seed-of-before';
    await writeFile(
      asked.stateFile,
      JSON.stringify({ version: 1, seed, bankFingerprint: await fingerprint(join(folder, 'cert')) }),
    );
    const made = await fetch(`${url}/v1/tenants`, {
      method: 'POST',
      headers: { authorization: `Bearer ${OPERATOR}`, 'idempotency-key': `${seed}-tenant` },
      body: '{}',
    });
    lost = ((await made.json()) as { id: string }).id;
    const chain = await onboard(asked);
    expect(chain.tenant).not.toBe(lost);
    expect(chain.apiKey).toBe('tlm_test_stub');
  });

  it('another certificate of the sandbox needs another onboarding', async () => {
    const first = await onboard(await input());
    await writeFile(join(folder, 'cert'), 'PEM of a later certificate');
    const second = await onboard(await input());
    expect(second.fresh).toBe(true);
    expect(second.certificate).not.toBe(first.certificate);
  });

  it('a bank that listens elsewhere needs another onboarding, because a connection keeps its address', async () => {
    const first = await onboard(await input());
    const second = await onboard({ ...(await input()), kaspiUrls: { r3: 'https://127.0.0.1:8546' } });
    expect(second.fresh).toBe(true);
    expect(second.connection).not.toBe(first.connection);
  });

  it('a database that no longer knows the chain is onboarded again', async () => {
    const first = await onboard(await input());
    await gateway?.close();
    let forgotten = true;
    gateway = await startStubGateway({
      operatorKey: OPERATOR,
      intercept: (request, answer) => {
        if (!forgotten || !request.path.startsWith('/v1/connections/')) return false;
        forgotten = false;
        answer(401, { code: 'unauthorized', detail: 'The key is not known.' });
        return true;
      },
    });
    const second = await onboard(await input());
    expect(second.fresh).toBe(true);
    expect(first.fresh).toBe(true);
  });

  it('a refused connection shows the reason that the gateway gives', async () => {
    const asked = await input({
      intercept: (request, answer) => {
        if (!request.path.startsWith('/v1/connections/')) return false;
        answer(200, { id: 'con_1', status: 'failed', status_reason: 'The bank does not know this BIN.' });
        return true;
      },
    });
    await expect(onboard(asked)).rejects.toThrow('was not verified: The bank does not know this BIN.');
  });

  it('a problem answer is told with its code, its detail, its pointers and its request', async () => {
    const asked = await input({
      intercept: (_request, answer) => {
        answer(422, {
          code: 'validation_failed',
          detail: 'Some fields are wrong.',
          request_id: 'req_77',
          errors: [{ pointer: '/name', code: 'too_long', detail: 'at most 100 characters' }],
        });
        return true;
      },
    });
    await expect(onboard(asked)).rejects.toThrow(
      'POST /v1/tenants was refused with 422 validation_failed: Some fields are wrong.; /name at most 100 characters (request req_77)',
    );
  });

  it('a gateway that does not listen is named', async () => {
    const asked = await input();
    await gateway?.close();
    await expect(onboard(asked)).rejects.toThrow(
      `POST /v1/tenants at ${asked.gatewayUrl} got no answer: ECONNREFUSED.`,
    );
  });

  it('stops at once when it is told to', async () => {
    const stopping = new AbortController();
    const asked = await input({
      intercept: (request) => {
        if (!request.path.startsWith('/v1/connections/')) return false;
        stopping.abort();
        return true;
      },
    });
    await expect(onboard({ ...asked, signal: stopping.signal })).rejects.toThrow(/abort/i);
  });
});

async function fingerprint(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path, 'utf8'))
    .update(JSON.stringify(KASPI_URLS))
    .digest('hex');
}
