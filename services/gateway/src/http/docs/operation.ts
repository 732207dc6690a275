import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';

export interface OperationOptions {
  readonly tag: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  /** Shape of the successful answer; absent where there is no body. */
  readonly answer?: z.ZodType;
  /** Status of the successful answer. Default 200; 201 implies that a repeat answers 200. */
  readonly status?: 200 | 201 | 204;
  /** Media type of the answer where it is not JSON. */
  readonly mediaType?: string;
  /** What the answer looks like. */
  readonly example?: unknown;
  /** A body that works, beside the schema that the body's own parameter gives. */
  readonly bodyExample?: unknown;
  /** `required` on every POST that creates a resource or moves money. */
  readonly idempotencyKey?: 'required' | 'optional';
  /** Codes of problems that this call can answer besides those of every call, by status. */
  readonly problems?: Readonly<Record<number, readonly string[]>>;
  /** No key needed. */
  readonly open?: boolean;
}

/** Problems that any call with a key can answer. */
const EVERYWHERE: Readonly<Record<number, readonly string[]>> = {
  401: ['authentication_required', 'invalid_api_key'],
  403: ['scope_missing', 'operator_key_required', 'tenant_key_required', 'tenant_suspended', 'ip_not_allowed'],
  500: ['internal_error'],
  503: ['temporarily_unavailable'],
};

/** Name of the header parameter in the document. */
const KEY_HEADER = 'Idempotency-Key';

/** Says in the OpenAPI document what a route does. Body and query parameters come from the schemas that check them. */
export function Operation(options: OperationOptions): MethodDecorator {
  const decorators = [
    ApiTags(options.tag),
    ApiOperation({
      summary: options.summary,
      ...(options.description === undefined ? {} : { description: options.description }),
    }),
    ...successes(options),
    ...problemResponses(options),
  ];
  if (options.open !== true) decorators.push(ApiBearerAuth('key'));
  if (options.bodyExample !== undefined) {
    decorators.push(ApiBody({ schema: {}, examples: { example: { value: options.bodyExample } } }));
  }
  if (options.idempotencyKey !== undefined) {
    decorators.push(
      ApiHeader({
        name: KEY_HEADER,
        required: options.idempotencyKey === 'required',
        description:
          'A value of your own, at most 255 printable ASCII characters. A repeat with the same value attaches to the same resource.',
        schema: { type: 'string', minLength: 1, maxLength: 255 },
        example: 'sale-000917-1',
      }),
    );
  }
  return applyDecorators(...decorators);
}

function successes(options: OperationOptions): MethodDecorator[] {
  const status = options.status ?? 200;
  const shape = options.answer === undefined ? {} : { standardSchema: options.answer };
  const more = {
    ...shape,
    ...(options.example === undefined ? {} : { example: options.example }),
    ...(options.mediaType === undefined
      ? {}
      : { content: { [options.mediaType]: { schema: { type: 'string' as const } } } }),
  };
  const first = ApiResponse({
    status,
    description: status === 201 ? 'Made.' : status === 204 ? 'Done.' : 'Found.',
    ...more,
  });
  if (status !== 201) return [first];
  return [
    first,
    ApiResponse({
      status: 200,
      description: 'Made by an earlier request with the same Idempotency-Key; the state of now.',
      ...shape,
    }),
  ];
}

function problemResponses(options: OperationOptions): MethodDecorator[] {
  const codes = new Map<number, string[]>();
  const sources = [options.open === true ? {} : EVERYWHERE, keyProblems(options), options.problems ?? {}];
  for (const source of sources) {
    for (const [status, list] of Object.entries(source))
      codes.set(Number(status), [...(codes.get(Number(status)) ?? []), ...list]);
  }
  return [...codes].map(([status, list]) =>
    ApiResponse({
      status,
      description: list.map((code) => `\`${code}\``).join(', '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    }),
  );
}

function keyProblems(options: OperationOptions): Readonly<Record<number, readonly string[]>> {
  if (options.idempotencyKey === undefined) return {};
  const missing = options.idempotencyKey === 'required' ? ['idempotency_key_required'] : [];
  return {
    400: ['invalid_json', ...missing, 'idempotency_key_invalid'],
    413: ['body_too_large'],
    415: ['unsupported_media_type'],
    422: ['idempotency_key_reused'],
  };
}
