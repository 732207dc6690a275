import { createHash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiProblem } from './api-problem.ts';
import type { GatewayRequest } from './auth.ts';

/** One try of a POST that creates something: which key it carries, and what exactly it asks for. */
export interface Attempt {
  /** Method and pattern of the route: keys of different routes never meet. */
  readonly route: string;
  readonly key: string;
  /** SHA-256 of path and body: the same key with another one is a mistake of the caller. */
  readonly hash: Buffer;
}

const PRINTABLE_ASCII = /^[\x20-\x7e]{1,255}$/;

/** The attempt that a request is; 400 where the header is missing or not printable ASCII of at most 255 characters. */
export const CreationAttempt = createParamDecorator((_: unknown, context: ExecutionContext): Attempt => {
  const request = context.switchToHttp().getRequest<GatewayRequest>();
  return {
    route: `${request.method} ${request.routeOptions.url ?? ''}`,
    key: idempotencyKeyOf(request.headers['idempotency-key']),
    hash: fingerprint(request.url.split('?')[0] ?? '', request.body),
  };
});

export function idempotencyKeyOf(header: string | readonly string[] | undefined): string {
  if (header === undefined || header === '') {
    const detail =
      'Send an Idempotency-Key header with a value of your own for every resource that you create, and the same value when you repeat.';
    throw new ApiProblem(400, 'idempotency_key_required', detail, {
      errors: [{ pointer: 'Idempotency-Key', code: 'idempotency_key_required', detail }],
    });
  }
  if (typeof header !== 'string' || !PRINTABLE_ASCII.test(header)) {
    const detail = 'Idempotency-Key must be one value of at most 255 printable ASCII characters.';
    throw new ApiProblem(400, 'idempotency_key_invalid', detail, {
      errors: [{ pointer: 'Idempotency-Key', code: 'idempotency_key_invalid', detail }],
    });
  }
  return header;
}

/** SHA-256 over path and body; the order of members and white space of the JSON text do not matter. */
export function fingerprint(path: string, body: unknown): Buffer {
  return createHash('sha256').update(path).update('\n').update(canonicalJson(body)).digest();
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => sorted(inner)) ?? '';
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
