export type BreakerState = 'closed' | 'open' | 'half_open';

/**
 * What an outcome says about the way to the provider: `works` when an answer came, whatever it says; `fails` when the
 * network, the handshake or the connection failed; `says_nothing` when the request did not get far enough to tell.
 */
export type TransportVerdict = 'works' | 'fails' | 'says_nothing';

export interface BreakerLimits {
  /** Failures in a row, no success between, that open the breaker. */
  failures: number;
  /** Pause after opening; doubles with every probe that fails, up to `maxPauseMs`. */
  pauseMs: number;
  maxPauseMs: number;
}

export type Admission =
  | /** Hand `permit` back with the verdict, exactly once. */ { admitted: true; permit: number }
  | { admitted: false; retryAfterMs: number };

/**
 * Stops asking a provider that cannot be reached. Closed: all requests pass. Open: none, until a pause is over. Then half
 * open: one request at a time passes as a probe; its success closes the breaker, its failure opens it for twice the pause.
 *
 * What was admitted before the last change of state has no say any more: 32 requests that time out together are one
 * breakdown, and an answer from before it proves nothing about now.
 */
export class Breaker {
  #state: BreakerState = 'closed';
  #failuresInRow = 0;
  #permit = 0;
  #pauseMs: number;
  #probeAtMs = 0;
  #probing = false;

  constructor(
    private readonly limits: BreakerLimits,
    private readonly nowMs: () => number,
    private readonly onChange: (state: BreakerState, retryAfterMs: number) => void,
  ) {
    this.#pauseMs = limits.pauseMs;
  }

  get state(): BreakerState {
    return this.#state;
  }

  admit(): Admission {
    if (this.#state === 'closed') return { admitted: true, permit: this.#permit };
    if (this.#state === 'open') {
      const waitMs = Math.ceil(this.#probeAtMs - this.nowMs());
      if (waitMs > 0) return { admitted: false, retryAfterMs: waitMs };
      this.#become('half_open', this.limits.pauseMs);
    }
    if (this.#probing) return { admitted: false, retryAfterMs: this.limits.pauseMs };
    this.#probing = true;
    return { admitted: true, permit: (this.#permit += 1) };
  }

  report(permit: number, verdict: TransportVerdict): void {
    if (permit !== this.#permit || this.#state === 'open') return;
    this.#probing = false;
    if (verdict === 'works') {
      this.#failuresInRow = 0;
      if (this.#state === 'half_open') this.#close();
    } else if (verdict === 'fails') {
      this.#failuresInRow += 1;
      if (this.#state === 'half_open') this.#open(Math.min(this.#pauseMs * 2, this.limits.maxPauseMs));
      else if (this.#failuresInRow >= this.limits.failures) this.#open(this.limits.pauseMs);
    }
  }

  #open(pauseMs: number): void {
    this.#pauseMs = pauseMs;
    this.#probeAtMs = this.nowMs() + pauseMs;
    this.#become('open', pauseMs);
  }

  #close(): void {
    this.#permit += 1;
    this.#become('closed', 0);
  }

  #become(state: BreakerState, retryAfterMs: number): void {
    this.#state = state;
    this.onChange(state, retryAfterMs);
  }
}
