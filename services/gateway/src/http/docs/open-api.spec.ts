import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewayHarness } from '../../test/gateway-harness.ts';
import { isObject, type Json } from './html.ts';

let house: GatewayHarness;
let document: Json;
beforeAll(async () => {
  house = await GatewayHarness.start();
  document = (await house.api(null).get('/openapi.json')).body;
});
afterAll(() => house.close());

interface Found {
  readonly name: string;
  readonly operation: Json;
}

function operations(): Found[] {
  return Object.entries(document['paths'] as Json).flatMap(([path, item]) =>
    Object.entries(item as Json).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation: operation as Json,
    })),
  );
}

/** Routes as the running server has them, in the document's way of writing parameters. */
function routes(): string[] {
  const fastify = house.gateway.app.getHttpAdapter().getInstance() as { printRoutes(options: object): string };
  const adapter = house.gateway.app.getHttpAdapter() as unknown as {
    routes: readonly { method: string; url: string }[];
  };
  expect(fastify.printRoutes({ commonPrefix: false })).toContain('/v1/tenants');
  return adapter.routes
    .filter(({ method }) => method !== 'HEAD')
    .map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
}

/** Everything in a JSON value, at any depth. */
function* everything(value: unknown): Generator<Json> {
  if (Array.isArray(value)) for (const inner of value) yield* everything(inner);
  if (!isObject(value)) return;
  yield value;
  for (const inner of Object.values(value)) yield* everything(inner);
}

describe('the OpenAPI document', () => {
  it('is OpenAPI 3.1 with bearer keys and is open to everybody', () => {
    expect(document).toMatchObject({
      openapi: expect.stringMatching(/^3\.1\./),
      info: { title: 'Tolem', version: '1' },
      components: {
        securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
        schemas: { Problem: { type: 'object' } },
      },
    });
  });

  it('holds every route of the running server and no other', () => {
    expect(
      operations()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(routes().sort());
  });

  it('resolves every reference', () => {
    for (const value of everything(document)) {
      const reference = value['$ref'];
      if (typeof reference !== 'string') continue;
      const target = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), document);
      expect({ reference, target }).toEqual({ reference, target: expect.anything() });
    }
  });

  it('says for every operation what it does, who may call it and what it can answer', () => {
    const ids = new Set<unknown>();
    for (const { name, operation } of operations()) {
      expect({ name, operation }).toMatchObject({
        operation: {
          summary: expect.stringMatching(/\w/),
          operationId: expect.stringMatching(/^\w+$/),
          tags: [expect.any(String)],
        },
      });
      ids.add(operation['operationId']);
      if (!name.includes('/v1/')) continue;
      const responses = operation['responses'] as Json;
      expect({ name, security: operation['security'] }).toEqual({ name, security: [{ key: [] }] });
      expect({ name, statuses: Object.keys(responses) }).toMatchObject({
        statuses: expect.arrayContaining(['401', '403']),
      });
    }
    expect(ids.size).toBe(operations().length);
  });

  it('describes every path parameter and gives every POST that creates its Idempotency-Key', () => {
    for (const { name, operation } of operations()) {
      const parameters = (operation['parameters'] ?? []) as Json[];
      const inPath = parameters
        .filter((parameter) => parameter['in'] === 'path')
        .map((parameter) => `{${String(parameter['name'])}}`);
      expect({ name, inPath }).toEqual({ name, inPath: name.match(/\{\w+\}/g) ?? [] });
      const responses = operation['responses'] as Json;
      if ('201' in responses) {
        expect({ name, parameters }).toMatchObject({
          parameters: expect.arrayContaining([
            expect.objectContaining({ name: 'Idempotency-Key', in: 'header', required: true }),
          ]),
        });
      }
    }
  });

  it('shows the body of a request as the schema that checks it', () => {
    const body = operations().find(({ name }) => name === 'POST /v1/organizations')?.operation['requestBody'];
    expect(body).toMatchObject({
      content: {
        'application/json': {
          schema: {
            type: 'object',
            additionalProperties: false,
            required: ['country', 'tax_id', 'name'],
            properties: { country: { enum: ['KZ', 'RU'] }, max_amount: { type: 'integer' } },
          },
        },
      },
    });
  });
});

describe('the page to read', () => {
  it('shows every operation and loads nothing from anywhere', async () => {
    const page = await house.api(null).get('/docs');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const { name } of operations()) expect(page.text).toContain(name.split(' ')[1]);
    expect(page.text).toContain('id="problem-tax_id_invalid"');
    expect(page.text).not.toMatch(/<script|<link|<img|src=|@import|url\(/i);
  });
});
