import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { readBody } from '../read-body.ts';

const MAX_BODY_BYTES = 64 * 1024;

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** What the control interface says no to, with its HTTP status. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: {
      readonly code: string;
      readonly detail: string;
      readonly errors?: readonly FieldError[];
      readonly status_code?: number;
    },
  ) {
    super(body.detail);
  }
}

export async function jsonBody<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  return checked(schema, parsed(await text(request)));
}

/** No body at all is an empty object. */
export async function optionalJsonBody<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const read = await text(request);
  return checked(schema, read.trim() === '' ? {} : parsed(read));
}

export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const errors = read.error.issues.map((issue) => ({
    field: issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue.path.join('.'),
    message: issue.message,
  }));
  throw new Refusal(400, { code: 'invalid', detail: oneSentence(errors), errors });
}

export function oneSentence(errors: readonly FieldError[]): string {
  return errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
}

async function text(request: IncomingMessage): Promise<string> {
  const read = await readBody(request, MAX_BODY_BYTES);
  if (read === undefined) throw new Refusal(413, { code: 'too_long', detail: 'The body is too long.' });
  return read;
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    throw new Refusal(400, { code: 'not_json', detail: 'The body is not JSON.' });
  }
}
