import type { Dispatcher } from 'undici';
import { AnswerBody } from './answer-body.ts';
import { codeOf, ConnectError, isTlsAlert } from './connect-error.ts';
import type { EgressOutcome, LostReason, NotSentReason } from './egress-outcome.ts';
import type { WireRequest } from './wire-request.ts';

/** Thrown back into undici before it has written anything: it drops the request and keeps the connection. */
class Withdrawn extends Error {}

/** How the connection behind an exchange ended up: `reusable` only if the answer was read to its end or nothing was written. */
export type ConnectionFate = 'reusable' | 'spoiled';

/**
 * One request on its way: the record of whether it began to be written, and the only place that decides its outcome.
 *
 * The life of an exchange: waiting → written → settled, or waiting → settled. undici calls `onRequestStart` in the same
 * turn in which it writes the request to the socket, so an exchange that settles while it waits is never written, and an
 * exchange that was written is never reported as not sent.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly outcome: Promise<EgressOutcome>;
  #resolve: (outcome: EgressOutcome) => void = () => undefined;
  #state: 'waiting' | 'written' | 'settled' = 'waiting';
  #onSettled: ((fate: ConnectionFate) => void) | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  readonly #body: AnswerBody;
  #tried = false;
  readonly #startedMs: number;
  readonly #totalTimer: NodeJS.Timeout;

  constructor(
    readonly wire: WireRequest,
    private readonly nowMs: () => number,
    /** Told before anybody else; `tried` is false when the request only ever waited for a connection. */
    private readonly onOutcome: (outcome: EgressOutcome, tried: boolean) => void,
  ) {
    this.#startedMs = nowMs();
    this.#body = new AnswerBody(wire.maxAnswerBytes);
    this.outcome = new Promise((resolve) => (this.#resolve = resolve));
    this.#totalTimer = setTimeout(() => this.#onDeadline(), wire.totalTimeoutMs);
  }

  get settled(): boolean {
    return this.#state === 'settled';
  }

  /** The listener of the place where the exchange is now: the queue, or the connection that carries it. */
  whenSettled(listener: (fate: ConnectionFate) => void): void {
    this.#onSettled = listener;
  }

  /** From now on a connection works for this exchange; `whenSettled` of that connection follows. */
  leaveQueue(): void {
    this.#tried = true;
  }

  refuse(reason: NotSentReason, detail: string, retryAfterMs?: number): void {
    const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
    this.#settle({ kind: 'not_sent', reason, detail, ms: this.#ms(), ...retry }, 'spoiled');
  }

  onRequestStart(): void {
    if (this.#state === 'written') {
      // The engine wants to write a second time, on another connection. Nothing is ever sent twice.
      this.#lose('connection_closed', 'the connection ended before an answer began');
    }
    if (this.#state === 'settled') throw new Withdrawn();
    if (!this.#mayWrite()) {
      const detail = 'withdrawn at the last moment before writing';
      this.#settle({ kind: 'not_sent', reason: 'withdrawn', detail, ms: this.#ms() }, 'reusable');
      throw new Withdrawn();
    }
    this.#state = 'written';
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, unknown>): void {
    if (status < 200) return; // Interim answers (RFC 9110 §15.2) say nothing about the outcome.
    this.#status = status;
    this.#headers = flatHeaders(headers);
    const announced = Number(this.#headers['content-length'] ?? 0);
    if (announced > this.wire.maxAnswerBytes) this.#loseTooLarge();
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#state === 'written' && !this.#body.append(chunk)) this.#loseTooLarge();
  }

  onResponseEnd(): void {
    if (this.#state !== 'written') return;
    const body = this.#body.text();
    const { ms, status, headers } = { ms: this.#ms(), status: this.#status, headers: this.#headers };
    this.#settle({ kind: 'answered', status, headers, body, ms }, 'reusable');
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#state === 'settled') return;
    if (this.#state === 'waiting') return this.#neverWritten(error);
    const code = codeOf(error);
    if (isTlsAlert(code)) return this.#lose('tls_alert', `after the request was written: ${code}`);
    if (code === 'UND_ERR_HEADERS_OVERFLOW')
      return this.#lose('answer_too_large', 'the header of the answer is too large');
    if (error.name === 'HTTPParserError') return this.#lose('answer_malformed', 'what came back is not HTTP/1.1');
    const begun = this.#status !== 0 || this.#body.bytes > 0;
    if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || begun) {
      return this.#lose('answer_cut', `the answer ended early: ${code}`);
    }
    this.#lose('connection_closed', `the connection ended before an answer began: ${code}`);
  }

  #neverWritten(error: Error): void {
    if (error instanceof ConnectError) return this.refuse(error.reason, error.detail);
    const code = codeOf(error);
    if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
      return this.refuse('invalid_request', 'the request cannot be put into HTTP/1.1');
    }
    this.refuse('connection_lost', `before anything was written: ${code}`);
  }

  #mayWrite(): boolean {
    try {
      return this.wire.mayWrite?.() ?? true;
    } catch {
      return false;
    }
  }

  #onDeadline(): void {
    const detail = `no whole answer within ${this.wire.totalTimeoutMs} ms`;
    if (this.#state === 'waiting') this.refuse('timeout', `no connection within ${this.wire.totalTimeoutMs} ms`);
    else this.#lose('timeout', detail);
  }

  #loseTooLarge(): void {
    this.#lose('answer_too_large', `the answer is larger than ${this.wire.maxAnswerBytes} bytes`);
  }

  #lose(reason: LostReason, detail: string): void {
    this.#settle({ kind: 'sent_without_answer', reason, detail, ms: this.#ms() }, 'spoiled');
  }

  #settle(outcome: EgressOutcome, fate: ConnectionFate): void {
    if (this.#state === 'settled') return;
    this.#state = 'settled';
    clearTimeout(this.#totalTimer);
    this.#body.forget();
    this.onOutcome(outcome, this.#tried);
    // The connection goes back before the caller learns of the outcome, so that its next request finds it free.
    this.#onSettled?.(fate);
    this.#resolve(outcome);
  }

  #ms(): number {
    return Math.max(0, Math.round(this.nowMs() - this.#startedMs));
  }
}

function flatHeaders(headers: Record<string, unknown>): Record<string, string> {
  const flat: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    flat.push([name.toLowerCase(), Array.isArray(value) ? value.join(', ') : String(value)]);
  }
  return Object.fromEntries(flat);
}
