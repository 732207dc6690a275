import { z } from 'zod';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { systemErrorCode } from '../terminal/system-error-code.ts';

/** Longer than the longest wait that the API allows (30 s). */
const DEFAULT_TIMEOUT_MS = 40_000;

const problemSchema = z.looseObject({
  title: z.string().optional(),
  detail: z.string().optional(),
  code: z.string().optional(),
  request_id: z.string().optional(),
  cashier_message: z.looseObject({ en: z.string() }).optional(),
  errors: z
    .array(
      z.looseObject({ pointer: z.string().optional(), code: z.string().optional(), detail: z.string().optional() }),
    )
    .optional(),
});

/** The API refused: RFC 9457 `application/problem+json` as one sentence. */
export class ApiRefusal extends PlainFailure {
  readonly status: number;
  readonly code: string;
  /** What the till shows the cashier, in English; undefined where it is no matter of a cashier. */
  readonly cashierMessage: string | undefined;

  constructor(call: string, status: number, body: string) {
    const problem = problemSchema.safeParse(parseOrUndefined(body)).data;
    const errors = (problem?.errors ?? []).map((error) =>
      `${error.pointer ?? ''} ${error.detail ?? error.code ?? ''}`.trim(),
    );
    const parts = [problem?.detail ?? problem?.title ?? body.slice(0, 200), ...errors].filter((part) => part !== '');
    const request = problem?.request_id === undefined ? '' : ` (request ${problem.request_id})`;
    super(`${call} was refused with ${status} ${problem?.code ?? ''}: ${parts.join('; ')}${request}`);
    this.status = status;
    this.code = problem?.code ?? '';
    this.cashierMessage = problem?.cashier_message?.en;
  }
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface ApiCall<S extends z.ZodType> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
  idempotencyKey?: string;
  timeoutMs?: number;
  answer: S;
}

/** The few calls that this tool makes of Tolem's own public API, as any chain's server would make them. */
export class ApiClient {
  private readonly baseUrl: string;
  private readonly key: string;
  private readonly signal: AbortSignal | undefined;

  constructor(baseUrl: string, key: string, signal?: AbortSignal) {
    this.baseUrl = baseUrl;
    this.key = key;
    this.signal = signal;
  }

  /** @throws ApiRefusal for any answer but 2xx, PlainFailure when nobody answers or the answer cannot be understood. */
  async call<S extends z.ZodType>(call: ApiCall<S>): Promise<z.output<S>> {
    const name = `${call.method} ${call.path}`;
    const timeout = AbortSignal.timeout(call.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const signal = this.signal === undefined ? timeout : AbortSignal.any([timeout, this.signal]);
    const headers: Record<string, string> = { authorization: `Bearer ${this.key}`, accept: 'application/json' };
    if (call.body !== undefined) headers['content-type'] = 'application/json';
    if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey;
    const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
    let status: number;
    let text: string;
    try {
      const answer = await fetch(new URL(call.path, this.baseUrl), { method: call.method, headers, signal, ...body });
      status = answer.status;
      text = await answer.text();
    } catch (error) {
      this.signal?.throwIfAborted();
      const why = timeout.aborted ? 'no answer in time' : reasonOf(error);
      throw new PlainFailure(`${name} at ${this.baseUrl} got no answer: ${why}.`, { cause: error });
    }
    if (status < 200 || status > 299) throw new ApiRefusal(name, status, text);
    const parsed = call.answer.safeParse(parseOrUndefined(text));
    if (parsed.success) return parsed.data;
    throw new PlainFailure(`${name} answered ${status} with something unexpected: ${z.prettifyError(parsed.error)}`);
  }
}

/** fetch says only "fetch failed"; why stands in the cause, which is of Node's own classes. */
function reasonOf(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return systemErrorCode(cause) ?? String(cause ?? error);
}
