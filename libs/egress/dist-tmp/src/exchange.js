import { codeOf, ConnectError, isTlsAlert } from "./connect-error.js";
/** Thrown back into undici before it has written anything: it drops the request and keeps the connection. */ let Withdrawn = class Withdrawn extends Error {
};
/**
 * One request on its way: the record of whether it began to be written, and the only place that decides its outcome.
 *
 * The life of an exchange: waiting → written → settled, or waiting → settled. undici calls `onRequestStart` in the same
 * turn in which it writes the request to the socket, so an exchange that settles while it waits is never written, and an
 * exchange that was written is never reported as not sent.
 */ export class Exchange {
    #resolve;
    #state;
    #onSettled;
    #status;
    #headers;
    #chunks;
    #bytes;
    #startedMs;
    #totalTimer;
    constructor(wire, nowMs){
        this.wire = wire;
        this.nowMs = nowMs;
        this.#resolve = ()=>undefined;
        this.#state = 'waiting';
        this.#status = 0;
        this.#headers = {};
        this.#chunks = [];
        this.#bytes = 0;
        this.#startedMs = nowMs();
        this.outcome = new Promise((resolve)=>this.#resolve = resolve);
        this.#totalTimer = setTimeout(()=>this.#onDeadline(), wire.totalTimeoutMs);
    }
    get settled() {
        return this.#state === 'settled';
    }
    /** The listener of the place where the exchange is now: the queue, or the connection that carries it. */ whenSettled(listener) {
        this.#onSettled = listener;
    }
    refuse(reason, detail) {
        this.#settle({
            kind: 'not_sent',
            reason,
            detail,
            ms: this.#ms()
        }, 'spoiled');
    }
    onRequestStart() {
        if (this.#state === 'written') {
            // The engine wants to write a second time, on another connection. Nothing is ever sent twice.
            this.#lose('connection_closed', 'the connection ended before an answer began');
        }
        if (this.#state === 'settled') throw new Withdrawn();
        if (!this.#mayWrite()) {
            const detail = 'withdrawn at the last moment before writing';
            this.#settle({
                kind: 'not_sent',
                reason: 'withdrawn',
                detail,
                ms: this.#ms()
            }, 'reusable');
            throw new Withdrawn();
        }
        this.#state = 'written';
    }
    onResponseStart(_, status, headers) {
        if (status < 200) return; // Interim answers (RFC 9110 §15.2) say nothing about the outcome.
        this.#status = status;
        this.#headers = flatHeaders(headers);
        const announced = Number(this.#headers['content-length'] ?? 0);
        if (announced > this.wire.maxAnswerBytes) this.#loseTooLarge();
    }
    onResponseData(_, chunk) {
        this.#bytes += chunk.length;
        if (this.#bytes > this.wire.maxAnswerBytes) this.#loseTooLarge();
        // undici hands out views of a buffer that it reuses.
        if (this.#state === 'written') this.#chunks.push(Buffer.from(chunk));
    }
    onResponseEnd() {
        if (this.#state !== 'written') return;
        const body = new TextDecoder().decode(Buffer.concat(this.#chunks));
        const { ms, status, headers } = {
            ms: this.#ms(),
            status: this.#status,
            headers: this.#headers
        };
        this.#settle({
            kind: 'answered',
            status,
            headers,
            body,
            ms
        }, 'reusable');
    }
    onResponseError(_, error) {
        if (this.#state === 'settled') return;
        if (this.#state === 'waiting') return this.#neverWritten(error);
        const code = codeOf(error);
        if (isTlsAlert(code)) return this.#lose('tls_alert', `after the request was written: ${code}`);
        if (code === 'UND_ERR_HEADERS_OVERFLOW') return this.#lose('answer_too_large', 'the header of the answer is too large');
        if (code.startsWith('HPE_')) return this.#lose('answer_malformed', `not HTTP/1.1: ${code}`);
        const begun = this.#status !== 0 || this.#bytes > 0;
        if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || begun) {
            return this.#lose('answer_cut', `the answer ended early: ${code}`);
        }
        this.#lose('connection_closed', `the connection ended before an answer began: ${code}`);
    }
    #neverWritten(error) {
        if (error instanceof ConnectError) return this.refuse(error.reason, error.detail);
        const code = codeOf(error);
        if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
            return this.refuse('invalid_request', 'the request cannot be put into HTTP/1.1');
        }
        this.refuse('connection_lost', `before anything was written: ${code}`);
    }
    #mayWrite() {
        try {
            return this.wire.mayWrite?.() ?? true;
        } catch  {
            return false;
        }
    }
    #onDeadline() {
        const detail = `no whole answer within ${this.wire.totalTimeoutMs} ms`;
        if (this.#state === 'waiting') this.refuse('timeout', `no connection within ${this.wire.totalTimeoutMs} ms`);
        else this.#lose('timeout', detail);
    }
    #loseTooLarge() {
        this.#lose('answer_too_large', `the answer is larger than ${this.wire.maxAnswerBytes} bytes`);
    }
    #lose(reason, detail) {
        this.#settle({
            kind: 'sent_without_answer',
            reason,
            detail,
            ms: this.#ms()
        }, 'spoiled');
    }
    #settle(outcome, fate) {
        if (this.#state === 'settled') return;
        this.#state = 'settled';
        clearTimeout(this.#totalTimer);
        this.#chunks = [];
        // The connection goes back before the caller learns of the outcome, so that its next request finds it free.
        this.#onSettled?.(fate);
        this.#resolve(outcome);
    }
    #ms() {
        return Math.max(0, Math.round(this.nowMs() - this.#startedMs));
    }
}
function flatHeaders(headers) {
    const flat = [];
    for (const [name, value] of Object.entries(headers)){
        if (value === undefined) continue;
        flat.push([
            name.toLowerCase(),
            Array.isArray(value) ? value.join(', ') : String(value)
        ]);
    }
    return Object.fromEntries(flat);
}

//# sourceMappingURL=exchange.js.map