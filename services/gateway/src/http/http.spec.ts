import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { GatewayHarness, OPERATOR_KEY } from '../test/gateway-harness.ts';

let house: GatewayHarness;
beforeAll(async () => {
  house = await GatewayHarness.start();
});
afterAll(() => house.close());

const TENANT = { name: 'Chain' };

function problem(status: number, code: string) {
  return {
    status,
    body: expect.objectContaining({
      status,
      code,
      request_id: expect.stringMatching(/^req_[0-9a-z]{26}$/),
      retryable: false,
    }),
  };
}

describe('what is refused before any use case sees it', () => {
  it.each([
    ['broken JSON', '{"name": "Chain"', {}, 400, 'invalid_json'],
    ['a prototype hidden in JSON', '{"name": "Chain", "__proto__": {"admin": true}}', {}, 400, 'invalid_json'],
    ['a form', 'name=Chain', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
    ['plain text', 'Chain', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['a body of 1 MB', JSON.stringify({ name: 'x'.repeat(1_000_000) }), {}, 413, 'body_too_large'],
    ['no body', '', {}, 400, 'invalid_request'],
  ])('%s is refused', async (_, body, headers, status, code) => {
    const reply = await house.operator.send('POST', '/v1/tenants', body, {
      'idempotency-key': house.nextKey(),
      ...headers,
    });
    expect(reply).toMatchObject(problem(status, code));
    expect(reply.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  });

  it('takes a body just below the limit as far as its schema', async () => {
    const reply = await house.operator.post('/v1/tenants', { name: 'x'.repeat(250_000) });
    expect(reply).toMatchObject(problem(400, 'invalid_request'));
  });

  it('answers an unknown path with 404 and a known one with the wrong method with 405 and the right ones', async () => {
    expect(await house.operator.get('/v1/nothing')).toMatchObject(problem(404, 'not_found'));
    expect(await house.operator.get('/')).toMatchObject(problem(404, 'not_found'));
    const wrong = await house.operator.send('PATCH', '/v1/tenants', TENANT);
    expect(wrong).toMatchObject(problem(405, 'method_not_allowed'));
    expect(wrong.headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it.each([
    ['that cannot be decoded', '/v1/payments/%ZZsecret-4711', 400],
    ['with a part that is too long', `/v1/payments/${'secret-4711'.repeat(100)}`, 414],
  ])('refuses a path %s without repeating it, and says so in a log line', async (_, path, status) => {
    const reply = await house.operator.get(path);
    expect(reply).toMatchObject(problem(status, 'bad_request'));
    expect(reply.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    expect(reply.text).not.toContain('secret');
    const id = reply.string('/request_id');
    expect(house.logLines.filter((line) => line.includes(id))).toHaveLength(1);
    expect(house.logLines.join('')).not.toContain('secret-4711');
  });

  it('does not repeat the name of a field that is a key or a phone', async () => {
    const reply = await house.operator.post('/v1/tenants', { ...TENANT, [OPERATOR_KEY]: 1, '+77015550011': 2 });
    expect(reply.list('/errors').map((error) => error['pointer'])).toEqual(['/tlm_op_***', '/+***']);
    expect(reply.text).not.toMatch(/7015550011/);
    expect(reply.text).not.toContain(OPERATOR_KEY);
  });

  it('names unknown, missing and wrong fields by JSON pointers', async () => {
    const reply = await house.operator.post('/v1/certificates', { provider: 7, scheme: 's', 'na/me': 'x' });
    expect(reply.status).toBe(400);
    expect(reply.at('/code')).toBe('invalid_request');
    const pointers = reply.list('/errors').map((error) => [error['pointer'], error['code']]);
    expect(pointers).toEqual(
      expect.arrayContaining([
        ['/provider', 'invalid_type'],
        ['/name', 'invalid_type'],
        ['/na~1me', 'unknown_field'],
      ]),
    );
  });

  it('names a wrong query parameter', async () => {
    for (const [query, pointer] of [
      ['limit=0', '?limit'],
      ['limit=101', '?limit'],
      ['limit=x', '?limit'],
      ['after=zzz', '?after'],
      ['color=red', '?color'],
    ]) {
      const reply = await house.operator.get(`/v1/tenants?${query}`);
      expect(reply.status).toBe(400);
      expect(reply.at('/errors/0/pointer')).toBe(pointer);
    }
  });
});

describe('labels of every answer', () => {
  it('carries a request id and a trace of its own on successes and problems alike', async () => {
    for (const path of ['/v1/tenants', '/v1/nothing', '/openapi.json']) {
      const { headers } = await house.operator.get(path);
      expect(headers.get('x-request-id')).toMatch(/^req_[0-9a-z]{26}$/);
      expect(headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('keeps a sane request id and trace of the caller, with a span of its own', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const reply = await house.operator.get('/v1/tenants', {
      'x-request-id': 'till-7.4711',
      traceparent: `00-${trace}-00f067aa0ba902b7-01`,
    });
    expect(reply.headers.get('x-request-id')).toBe('till-7.4711');
    expect(reply.headers.get('traceparent')).toMatch(new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
  });

  it.each([['a b'], ['x'.repeat(101)], ['<script>'], [OPERATOR_KEY], ['77015550011'], ['8-701-555-00-11']])(
    'replaces the request id %j',
    async (id) => {
      const reply = await house.operator.get('/v1/tenants', { 'x-request-id': id });
      expect(reply.headers.get('x-request-id')).toMatch(/^req_/);
    },
  );

  it('writes one log line per request with who, what, how and how long, and no key in it', async () => {
    const { api, tenant, key } = await house.tenant();
    const reply = await api.get('/v1/organizations?limit=3');
    const id = reply.headers.get('x-request-id') ?? '';
    const lines = await waitFor('the line', () => {
      const found = house.logLines.filter((line) => line.includes(id));
      return found.length > 0 ? found : undefined;
    });
    expect(lines).toHaveLength(1);
    const line: unknown = JSON.parse(lines[0] ?? '');
    expect(line).toMatchObject({
      method: 'GET',
      route: '/v1/organizations',
      status: 200,
      ms: expect.any(Number),
      request_id: id,
      tenant,
      key_id: expect.any(String),
    });
    expect(house.logLines.join('')).not.toContain(key);
    expect(house.logLines.join('')).not.toContain(OPERATOR_KEY);
  });
});

describe('lists', () => {
  it('reads page by page without a gap or a repeat, while new entries come in', async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.push((await house.tenant(`Chain ${n}`)).tenant);
    const seen: unknown[] = [];
    let next = '';
    do {
      const page = await house.operator.get(`/v1/tenants?limit=2${next}`);
      expect(page.body).toMatchObject({ object: 'list', has_more: page.at('/next') !== null });
      seen.push(...page.list().map((row) => row['id']));
      next = page.at('/next') === null ? '' : `&after=${page.string('/next')}`;
      await house.tenant('while reading');
    } while (next !== '');
    expect(seen.filter((id) => made.includes(String(id)))).toEqual([...made].reverse());
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('a client that is slow or gone', () => {
  it('does not keep the gateway from answering others', async () => {
    const { port, hostname } = new URL(house.gateway.url);
    const hanging = httpRequest({
      port,
      hostname,
      method: 'POST',
      path: '/v1/tenants',
      headers: { 'content-length': '100' },
    });
    hanging.on('error', () => undefined);
    hanging.write('{');
    expect((await house.operator.get('/v1/tenants?limit=1')).status).toBe(200);
    hanging.destroy();
  });
});
