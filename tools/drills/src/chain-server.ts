import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { systemErrorCode } from '@tolem/local-stack';

export interface ChainCall {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  idempotencyKey?: string;
  headers?: Readonly<Record<string, string>>;
  /** What `?wait=` in the path asks for, seconds. */
  waitSeconds?: number;
}

export interface ChainAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

/** How often a request had to be repeated, and why. */
export interface ChainCounts {
  requests: number;
  /** Nobody listened. */
  refused: number;
  /** The connection broke before the whole answer had come. */
  cut: number;
  timedOut: number;
  /** 503 */
  unavailable: number;
  /** 500 and the like. */
  broken: number;
  /** No answer after all repeats. */
  failed: number;
}

export interface ChainServerInput {
  /** Base URLs of all gateways, as a load balancer would know them. */
  gateways: readonly string[];
  apiKey: string;
  signal: AbortSignal;
  /** How long one request is repeated; ms. */
  patienceMs?: number;
}

/** Beyond the wait that a request asks for. */
const ANSWER_MS = 3_000;
const PATIENCE_MS = 60_000;
const PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

/** No gateway has answered for as long as the chain's server repeats. */
export class NoAnswer extends Error {}

type Tried = { answer: ChainAnswer } | { why: 'refused' | 'cut' | 'timedOut' };

/**
 * A chain's server: keeps its connections, goes round the gateways, and repeats a request that was refused, cut or not
 * answered in time at the next one, under the same Idempotency-Key.
 */
export class ChainServer {
  readonly counts: ChainCounts = { ...NO_COUNTS };
  private readonly input: ChainServerInput;
  private readonly agent = new Agent({ keepAlive: true });
  private turn = 0;

  constructor(input: ChainServerInput) {
    this.input = input;
  }

  /** The first answer that is not 5xx. @throws NoAnswer */
  async request(call: ChainCall): Promise<ChainAnswer> {
    const { gateways, signal, patienceMs = PATIENCE_MS } = this.input;
    const { counts } = this;
    const deadline = performance.now() + patienceMs;
    counts.requests += 1;
    const first = this.turn++;
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      const gateway = gateways[(first + attempt - 1) % gateways.length] ?? '';
      const tried = await this.tryOnce(gateway, call);
      if ('answer' in tried && tried.answer.status < 500) return tried.answer;
      const why = 'why' in tried ? tried.why : tried.answer.status === 503 ? 'unavailable' : 'broken';
      counts[why] += 1;
      if (performance.now() > deadline) {
        counts.failed += 1;
        const last = 'answer' in tried ? `${tried.answer.status} ${tried.answer.text.slice(0, 200)}` : why;
        throw new NoAnswer(`${call.method} ${call.path} got no answer in ${attempt} attempts: ${last}`);
      }
      if (attempt % gateways.length === 0) await pause(pauseAfter(tried), undefined, { signal });
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private tryOnce(gateway: string, call: ChainCall): Promise<Tried> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    return new Promise((resolve) => {
      const timeout = AbortSignal.timeout((call.waitSeconds ?? 0) * 1_000 + ANSWER_MS);
      const failed = (error: unknown): void => {
        if (timeout.aborted) resolve({ why: 'timedOut' });
        else resolve({ why: systemErrorCode(error) === 'ECONNREFUSED' ? 'refused' : 'cut' });
      };
      const request = httpRequest(`${gateway}${call.path}`, {
        method: call.method,
        agent: this.agent,
        signal: AbortSignal.any([timeout, this.input.signal]),
        headers: {
          ...call.headers,
          authorization: `Bearer ${this.input.apiKey}`,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          ...(call.idempotencyKey === undefined ? {} : { 'idempotency-key': call.idempotencyKey }),
        },
      });
      request.on('error', failed);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', failed);
        response.on('end', () => {
          const { statusCode = 0, headers } = response;
          resolve({ answer: { status: statusCode, headers, text: Buffer.concat(chunks).toString('utf8') } });
        });
      });
      request.end(body);
    });
  }
}

/** What a good answer says. @throws with the answer where it is none */
export function jsonOf(path: string, { status, text }: ChainAnswer): unknown {
  if (status < 300) return JSON.parse(text);
  throw new Error(`${path} was answered with ${status}: ${text.slice(0, 300)}`);
}

/** As long as the answer asks for, within reason. */
function pauseAfter(tried: Tried): number {
  const asked = 'answer' in tried ? Number(tried.answer.headers['retry-after']) * 1_000 : 0;
  return Math.min(Math.max(PAUSE_MS, Number.isFinite(asked) ? asked : 0), LONGEST_PAUSE_MS);
}

const NO_COUNTS: ChainCounts = {
  requests: 0,
  refused: 0,
  cut: 0,
  timedOut: 0,
  unavailable: 0,
  broken: 0,
  failed: 0,
};

/** What was counted between two moments. */
export function countsSince(now: ChainCounts, before: ChainCounts): ChainCounts {
  const names = Object.keys(NO_COUNTS) as (keyof ChainCounts)[];
  return names.reduce((sum, name) => ({ ...sum, [name]: now[name] - before[name] }), { ...NO_COUNTS });
}
