import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { TolemError } from '@tolem/domain';
import { createLogger } from '@tolem/observability';
import { fastify, type FastifyInstance } from 'fastify';
import { overloaded } from '../payments/connection-problem.ts';
import { ApiProblem, notFound } from './api-problem.ts';
import { ProblemFilter } from './problem-filter.ts';

describe('the log line of a request that was not answered', () => {
  let server: FastifyInstance;
  let lines: Record<string, unknown>[];
  let thrown: unknown;

  beforeEach(() => {
    lines = [];
    const write = (line: string): void => void lines.push(JSON.parse(line));
    const logger = createLogger({ service: 'gateway', level: 'debug', stream: { write } });
    const filter = new ProblemFilter(logger, () => []);
    server = fastify({ genReqId: () => 'req_1' });
    server.get('/', (request, reply) => {
      filter.catch(thrown, new ExecutionContextHost([request, reply]));
      return reply;
    });
  });
  afterEach(() => server.close());

  const answerTo = async (error: unknown): Promise<number> => {
    thrown = error;
    return (await server.inject('/')).statusCode;
  };

  it.each([
    ['the outbox is too old', overloaded('Payments wait too long.'), 'service_overloaded'],
    ['the connection is down', new ApiProblem(503, 'provider_unavailable', 'It is down.'), 'provider_unavailable'],
  ])('is a warning without a stack when we refuse on purpose: %s', async (_, problem, code) => {
    expect(await answerTo(problem)).toBe(503);
    expect(lines).toEqual([
      {
        ...{ level: 'warn', time: expect.any(String), service: 'gateway', request_id: 'req_1', status: 503, code },
        message: 'a request was refused for now',
      },
    ]);
  });

  it.each([
    ['a fault of the code', new TypeError('x is not a function'), 500, 'internal_error'],
    [
      'a database that is away',
      Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
      503,
      'temporarily_unavailable',
    ],
    [
      'a part of ours that failed',
      new TolemError('vault_closed', 'Not now.', { retry: 'backoff' }),
      503,
      'vault_closed',
    ],
  ])('is an error with the stack for what nobody meant: %s', async (_, error, status, code) => {
    expect(await answerTo(error)).toBe(status);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: 'error',
      code,
      err: { stack: expect.stringContaining('problem-filter.spec') },
      request_id: 'req_1',
    });
  });

  it('is left out where the caller is to blame', async () => {
    expect(await answerTo(notFound('payment'))).toBe(404);
    expect(lines).toEqual([]);
  });
});
