import { Pool, type Dispatcher } from 'undici';

export interface LoadRequest {
  method: 'GET' | 'POST';
  path: string;
  body?: string;
  idempotencyKey?: string;
}

export interface LoadAnswer {
  status: number;
  text: string;
}

/** Longer than the longest `?wait=`. */
const ANSWER_TIMEOUT_MS = 40_000;

/**
 * The tills' connections: plain HTTP/1.1 to the gateways in turn, whichever has carried out the request before, as a load
 * balancer would; one connection per waiting till, kept for the next one. Streams and promises per chunk are left out
 * because this process shares the cores with what it measures.
 */
export class HttpLoad {
  private readonly pools: readonly Pool[];
  private readonly authorization: string;
  private next = 0;

  constructor(baseUrls: readonly string[], apiKey: string) {
    this.authorization = `Bearer ${apiKey}`;
    this.pools = baseUrls.map(
      (baseUrl) =>
        new Pool(baseUrl, {
          connections: null,
          pipelining: 1,
          headersTimeout: ANSWER_TIMEOUT_MS,
          bodyTimeout: ANSWER_TIMEOUT_MS,
        }),
    );
  }

  /** Rejects when no whole answer came. */
  request({ method, path, body, idempotencyKey }: LoadRequest): Promise<LoadAnswer> {
    const headers: Record<string, string> = { authorization: this.authorization };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
    const pool = this.pools[this.next % this.pools.length];
    if (pool === undefined) return Promise.reject(new Error('there is no gateway to ask'));
    this.next += 1;
    return new Promise((resolve, reject) => {
      pool.dispatch({ method, path, headers, body: body ?? null }, new WholeAnswer(resolve, reject));
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.destroy()));
  }
}

class WholeAnswer implements Dispatcher.DispatchHandler {
  private readonly resolve: (answer: LoadAnswer) => void;
  private readonly reject: (error: Error) => void;
  private status = 0;
  private readonly chunks: Buffer[] = [];

  constructor(resolve: (answer: LoadAnswer) => void, reject: (error: Error) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }

  onRequestStart(): void {
    // undici takes a handler of its present form by this method.
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.chunks;
    const whole = first !== undefined && this.chunks.length === 1 ? first : Buffer.concat(this.chunks);
    this.resolve({ status: this.status, text: whole.toString('utf8') });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.reject(error);
  }
}
