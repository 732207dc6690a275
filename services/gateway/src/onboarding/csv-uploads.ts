import { Readable } from 'node:stream';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { ApiProblem } from '../http/api-problem.ts';
import type { GatewayRequest } from '../http/auth.ts';

/** The one route that takes a file. */
export const BULK_ROUTE = 'v1/organizations/bulk';

/** Files read and carried out at once by this process: each holds a connection to the database for a while. */
const MAX_UPLOADS = 2;
const RETRY_AFTER_S = 5;

/** Lets text/csv in, as a stream and on its one route; everywhere else it is as unwelcome as before. */
@Injectable()
export class CsvUploads implements OnModuleInit {
  #running = 0;

  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify: FastifyInstance = this.host.httpAdapter.getInstance();
    fastify.addContentTypeParser('text/csv', (request, payload, done) => {
      if (request.routeOptions.url === `/${BULK_ROUTE}`) return done(null, payload);
      done(unsupported('Send the body as application/json in UTF-8.'));
    });
  }

  /** Runs `work` on the bytes of an upload, as long as not too many others run. */
  async take<T>(request: GatewayRequest, work: (bytes: AsyncIterable<Uint8Array>) => Promise<T>): Promise<T> {
    const { body } = request;
    if (!(body instanceof Readable)) throw unsupported('Send the file as text/csv in UTF-8.');
    if (this.#running >= MAX_UPLOADS) {
      const detail = 'Several files are being worked on already. Repeat the request in a few seconds.';
      throw new ApiProblem(429, 'too_many_uploads', detail, { retryable: true, retryAfterS: RETRY_AFTER_S });
    }
    this.#running += 1;
    try {
      return await work(body);
    } finally {
      this.#running -= 1;
    }
  }
}

function unsupported(detail: string): ApiProblem {
  return new ApiProblem(415, 'unsupported_media_type', detail);
}
