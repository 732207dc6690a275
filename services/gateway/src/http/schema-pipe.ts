import { type ArgumentMetadata, Injectable, type PipeTransform, StandardSchemaValidationPipe } from '@nestjs/common';
import { scrubText } from '@tolem/observability';
import { ApiProblem, type ProblemDetail } from './api-problem.ts';

/** What zod tells of a mistake, as far as we show it. */
interface Issue {
  readonly message: string;
  readonly path?: readonly unknown[] | undefined;
  readonly code?: string;
  readonly keys?: readonly string[];
}

/** More mistakes than this help nobody. */
const MAX_ERRORS = 50;

/** Checks body and query against the zod schema of the parameter (`@Body({ schema })`) and answers 400 with JSON pointers. */
@Injectable()
export class SchemaPipe implements PipeTransform {
  readonly #body = new StandardSchemaValidationPipe({ exceptionFactory: (issues) => invalidRequest(issues, '/') });
  readonly #query = new StandardSchemaValidationPipe({ exceptionFactory: (issues) => invalidRequest(issues, '?') });

  transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    return (metadata.type === 'query' ? this.#query : this.#body).transform(value, metadata);
  }
}

/** 400 `invalid_request` for everything that zod found. `start` is `/` for a body, `?` for query parameters. */
export function invalidRequest(issues: readonly Issue[], start: '/' | '?'): ApiProblem {
  const errors = onceEach(issues.flatMap((issue) => detailsOf(issue, start))).slice(0, MAX_ERRORS);
  const places = errors.map((error) => error.pointer || 'the body').join(', ');
  return new ApiProblem(400, 'invalid_request', `The request does not have the documented form: see ${places}.`, {
    errors,
  });
}

/** Two checks may say the same of one place; once is enough. */
function onceEach(details: readonly ProblemDetail[]): ProblemDetail[] {
  return [...new Map(details.map((detail) => [`${detail.code} ${detail.pointer}`, detail])).values()];
}

function detailsOf(issue: Issue, start: '/' | '?'): ProblemDetail[] {
  const path = (issue.path ?? []).map(segmentOf);
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((key) => ({
      pointer: pointerOf([...path, key], start),
      code: 'unknown_field',
      detail: 'There is no such field; the documentation lists all of them.',
    }));
  }
  return [{ pointer: pointerOf(path, start), code: issue.code ?? 'invalid', detail: issue.message }];
}

function segmentOf(segment: unknown): string {
  return typeof segment === 'object' && segment !== null && 'key' in segment ? String(segment.key) : String(segment);
}

/** Names of fields are the caller's too: one that is a key or a phone is not repeated. */
function pointerOf(path: readonly string[], start: '/' | '?'): string {
  if (path.length === 0) return '';
  return (
    start +
    path.map((segment) => scrubText(segment).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
  );
}
