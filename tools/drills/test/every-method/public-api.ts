import { randomUUID } from 'node:crypto';
import { waitFor } from '@tolem/testing';
import type { z } from 'zod';

/** Beyond the wait that a request asks for. */
const ANSWER_MS = 30_000;
const PATIENCE_MS = 120_000;
/** Nothing was started; the same request again is right. */
const BUSY = 503;

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** The public API as a chain's server or an operator calls it; each request goes to the next gateway. */
export class PublicApi {
  #turn = 0;

  constructor(
    private readonly gateways: readonly string[],
    private readonly key: string,
  ) {}

  /** Whatever is answered. A POST has an idempotency key of its own, under which it is repeated while the house is busy. */
  send(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const key = randomUUID();
    const sent = async (): Promise<ApiAnswer | undefined> => {
      const answer = await this.sendOnce(method, path, key, body);
      return answer.status === BUSY ? undefined : answer;
    };
    return waitFor(`an answer to ${method} ${path}`, sent, PATIENCE_MS);
  }

  /** What must work. */
  async ask<S extends z.ZodType>(view: S, method: string, path: string, body?: unknown): Promise<z.output<S>> {
    const answer = await this.send(method, path, body);
    if (answer.status < 300) return view.parse(answer.body);
    throw new Error(`${method} ${path} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
  }

  /** What is shown under a path, once it is as wanted. */
  until<S extends z.ZodType>(
    what: string,
    view: S,
    path: string,
    is: (shown: z.output<S>) => boolean,
  ): Promise<z.output<S>> {
    let last: unknown;
    const look = async (): Promise<z.output<S> | undefined> => {
      const shown = await this.ask(view, 'GET', path);
      last = shown;
      return is(shown) ? shown : undefined;
    };
    return waitFor(what, look, PATIENCE_MS).catch((error: unknown) => {
      throw new Error(`${path} has not come to ${what}; it is ${JSON.stringify(last)}`, { cause: error });
    });
  }

  private async sendOnce(method: string, path: string, key: string, body: unknown): Promise<ApiAnswer> {
    const gateway = this.gateways[this.#turn++ % this.gateways.length] ?? '';
    const response = await fetch(`${gateway}${path}`, {
      method,
      signal: AbortSignal.timeout(ANSWER_MS),
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(method === 'POST' ? { 'idempotency-key': key } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  }
}
