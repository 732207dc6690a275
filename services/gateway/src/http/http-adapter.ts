import type { Clock, IdFactory } from '@tolem/domain';
import { currentTraceparent, inSpan, type Logger } from '@tolem/observability';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RequestCounted } from '../gateway-metrics.ts';
import { Answer } from './answer.ts';
import { ApiProblem } from './api-problem.ts';
import { problemDocument } from './problem-filter.ts';
import { saneRequestId, traceparentOf } from './trace-context.ts';

export interface HttpOptions {
  readonly ids: IdFactory;
  readonly clock: Clock;
  readonly randomBytes: (n: number) => Uint8Array;
  readonly logger: Logger;
  /** Addresses or CIDR blocks of reverse proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Fires when the gateway begins to close. */
  readonly closing: AbortSignal;
  /** Hears of every answered request. */
  readonly counted: RequestCounted;
}

/** Architecture §10. */
const MAX_BODY_BYTES = 256 * 1024;
const RECEIVE_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_MS = 65_000;
/** An idempotency key of 255 characters, each percent-encoded, is a path parameter of `by_key`. */
const MAX_PARAMETER_LENGTH = 1_024;

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Fastify as the public API needs it: ids and headers on every answer, strict JSON, one log line per request. */
export class HttpAdapter extends FastifyAdapter {
  /** Every route, in the order in which they were made known. */
  readonly routes: { readonly method: string; readonly url: string; readonly pattern: RegExp }[] = [];

  constructor(private readonly http: HttpOptions) {
    super({
      bodyLimit: MAX_BODY_BYTES,
      requestTimeout: RECEIVE_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      forceCloseConnections: 'idle',
      trustProxy: http.trustedProxies.length === 0 ? false : [...http.trustedProxies],
      routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
      frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
        refuseUnroutable(http, error.statusCode, request, reply),
      genReqId: (request: { headers: Record<string, unknown> }) =>
        saneRequestId(request.headers['x-request-id']) ?? http.ids.next('req'),
    });
    const fastify: FastifyInstance = this.getInstance();
    this.#acceptJsonOnly(fastify);
    this.#label(fastify);
    fastify.addHook('onRoute', (route) => {
      for (const method of [route.method].flat())
        this.routes.push({ method, url: route.url, pattern: patternOf(route.url) });
    });
  }

  /** Methods that some route knows for this path; empty where no route has it. */
  readonly allowedMethods = (path: string): readonly string[] => {
    const methods = this.routes.filter((route) => route.pattern.test(path)).map((route) => route.method);
    return [...new Set(methods)].sort();
  };

  /** An `Answer` decides its status and headers itself. */
  override reply(response: FastifyReply, body: unknown, statusCode?: number): FastifyReply {
    if (!(body instanceof Answer)) return super.reply(response, body, statusCode);
    for (const [name, value] of Object.entries(body.headers)) void response.header(name, value);
    return super.reply(response, body.body, body.status);
  }

  /** Everything but application/json is 415. An empty body is no body: many clients send the header all the same. */
  #acceptJsonOnly(fastify: FastifyInstance): void {
    fastify.removeAllContentTypeParsers();
    const parse = fastify.getDefaultJsonParser('error', 'error');
    fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
      if (body.length === 0) done(null, undefined);
      else void parse(request, body as string, done);
    });
  }

  #label(fastify: FastifyInstance): void {
    // The rest of the request runs inside the hook's `done`, and so inside the span, until its connection is done with it.
    fastify.addHook('onRequest', (request, reply, done) => {
      const parent = headerOf(request, 'traceparent');
      const name = `${request.method} ${request.routeOptions.url ?? 'unknown route'}`;
      void inSpan(name, { kind: 'server', ...(parent === undefined ? {} : { parent }) }, (span) => {
        request.traceparent = currentTraceparent() ?? traceparentOf(parent, this.http.randomBytes);
        void reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id, traceparent: request.traceparent });
        const answered = new Promise<void>((resolve) => reply.raw.once('close', resolve));
        done();
        return answered.then(() =>
          span.set({ 'http.response.status_code': reply.statusCode, 'tolem.request_id': request.id }),
        );
      });
    });
    fastify.addHook('onSend', async (_request, reply) => {
      // A connection kept alive after the last answer would keep the server from closing until it times out.
      if (this.http.closing.aborted) void reply.header('connection', 'close');
    });
    fastify.addHook('onResponse', async (request, reply) => {
      this.http.counted(
        request.method,
        request.routeOptions.url ?? 'unknown route',
        reply.statusCode,
        reply.elapsedTime,
      );
      this.http.logger.info(
        {
          method: request.method,
          route: request.routeOptions.url ?? null,
          status: reply.statusCode,
          ms: Math.round(reply.elapsedTime * 10) / 10,
          request_id: request.id,
          trace_id: request.traceparent?.slice(3, 35),
          ...(request.auth?.kind === 'key'
            ? { tenant: request.auth.tenant, key_id: request.auth.keyId }
            : { caller: request.auth?.kind ?? null }),
        },
        'request',
      );
    });
  }
}

/**
 * A path that cannot be decoded or has a part that is too long, which no hook and no filter sees. Fastify's own answer
 * repeats the path, and with it whatever stands there.
 */
function refuseUnroutable(
  http: HttpOptions,
  statusCode: number | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const status = statusCode ?? 400;
  const detail = 'The path of this request cannot be read: it is wrongly percent-encoded, or a part of it is too long.';
  void reply
    .status(status)
    .headers({
      ...SECURITY_HEADERS,
      'x-request-id': request.id,
      traceparent: traceparentOf(headerOf(request, 'traceparent'), http.randomBytes),
    })
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problemDocument(new ApiProblem(status, 'bad_request', detail), request.id)));
  const route = 'unknown route';
  http.counted(request.method, route, status, reply.elapsedTime);
  http.logger.info({ method: request.method, route: null, status, request_id: request.id, caller: null }, 'request');
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** A route's pattern (`/v1/payments/:id`) as an expression over paths. */
function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) =>
      part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('/');
  return new RegExp(`^${source}/?$`);
}
