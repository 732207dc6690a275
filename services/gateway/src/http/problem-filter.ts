import { STATUS_CODES } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { cashierText, TolemError } from '@tolem/domain';
import type { Logger } from '@tolem/observability';
import { isInfrastructureTrouble } from '@tolem/persistence';
import type { FastifyReply } from 'fastify';
import { ApiProblem, type ApiProblemOptions } from './api-problem.ts';
import type { GatewayRequest } from './auth.ts';

/** Which methods a path knows, so that a wrong method can be told from a wrong path. */
export type AllowedMethods = (path: string) => readonly string[];

/** The one place where whatever was thrown becomes RFC 9457 `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly allowedMethods: AllowedMethods,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<GatewayRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = this.#problemOf(error, request);
    if (problem.status >= 500) this.#log(error, problem, request.id);
    if (reply.sent) return;
    for (const [name, value] of Object.entries(problem.options.headers ?? {})) void reply.header(name, value);
    if (problem.options.retryAfterS !== undefined)
      void reply.header('retry-after', String(problem.options.retryAfterS));
    void reply
      .status(problem.status)
      .type('application/problem+json; charset=utf-8')
      .send(JSON.stringify(problemDocument(problem, request.id)));
  }

  /** What we refuse on purpose is no fault of the code: a stack would only bury those of real ones while it lasts. */
  #log(error: unknown, { status, code }: ApiProblem, requestId: string): void {
    if (error instanceof ApiProblem) {
      this.logger.warn({ status, code, request_id: requestId }, 'a request was refused for now');
    } else {
      this.logger.error({ err: error, request_id: requestId, code }, 'a request could not be answered');
    }
  }

  #problemOf(error: unknown, request: GatewayRequest): ApiProblem {
    if (error instanceof ApiProblem) return error;
    if (error instanceof TolemError) return ofTolemError(error);
    if (error instanceof HttpException && error.getStatus() === 404) return this.#noRoute(request);
    const status = statusCodeOf(error);
    if (status !== undefined && status >= 400 && status < 500) return ofBadHttp(status, error);
    if (isInfrastructureTrouble(error)) {
      return new ApiProblem(
        503,
        'temporarily_unavailable',
        'The service cannot work right now. Repeat the request with the same Idempotency-Key.',
        {
          retryable: true,
          retryAfterS: 1,
          cause: error,
        },
      );
    }
    return new ApiProblem(500, 'internal_error', 'Something went wrong on our side. The request id helps us find it.', {
      retryable: true,
      cause: error,
    });
  }

  #noRoute(request: GatewayRequest): ApiProblem {
    const allowed = this.allowedMethods(request.url.split('?')[0] ?? '');
    if (allowed.length === 0) return new ApiProblem(404, 'not_found', 'There is nothing at this path.');
    return new ApiProblem(405, 'method_not_allowed', `This path knows only ${allowed.join(', ')}.`, {
      headers: { allow: allowed.join(', ') },
    });
  }
}

function statusCodeOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') return error.statusCode;
  return undefined;
}

/** What the HTTP layer refuses before any of our code sees it. */
function ofBadHttp(status: number, error: unknown): ApiProblem {
  switch (status) {
    case 413:
      return new ApiProblem(413, 'body_too_large', 'A request body may have at most 256 KiB.');
    case 415:
      return new ApiProblem(415, 'unsupported_media_type', 'Send the body as application/json in UTF-8.');
    case 400:
      return new ApiProblem(400, 'invalid_json', 'The body is not valid JSON.', { cause: error });
    default:
      return new ApiProblem(status, 'bad_request', 'The request is not valid HTTP for this service.', { cause: error });
  }
}

function ofTolemError(error: TolemError): ApiProblem {
  const retryable = error.retry !== 'never';
  const options: ApiProblemOptions = {
    retryable,
    cause: error,
    ...(typeof error.retry === 'object' ? { retryAfterS: Math.ceil(error.retry.afterMs / 1000) } : {}),
    ...(error.cashierKey === undefined ? {} : { cashierMessage: cashierText(error.cashierKey) }),
  };
  return new ApiProblem(retryable ? 503 : 422, error.code, error.publicMessage, options);
}

/** The body of a refusal (RFC 9457 §3). */
export function problemDocument(problem: ApiProblem, requestId: string): Record<string, unknown> {
  const { errors, retryable, cashierMessage, provider, extra } = problem.options;
  return {
    type: `/docs#problem-${problem.code}`,
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
    request_id: requestId,
    retryable: retryable ?? false,
    ...(errors === undefined ? {} : { errors }),
    ...(provider === undefined ? {} : { provider }),
    ...(cashierMessage === undefined ? {} : { cashier_message: cashierMessage }),
    ...extra,
  };
}
