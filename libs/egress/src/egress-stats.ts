import type { BreakerState } from './breaker.ts';
import type { EgressOutcome, LostReason, NotSentReason } from './egress-outcome.ts';

/** Which way out is meant, in words that may stand in logs and metrics: no key, no pass phrase, no password. */
export interface EgressPlace {
  /** Scheme, host and port. */
  address: string;
  credentialId?: string;
  credentialVersion?: string;
  /** Host and port of the forward proxy. */
  proxy?: string;
}

export interface BreakerChange {
  place: EgressPlace;
  state: BreakerState;
  /** When `open`: how long until a request is let through to try again. */
  retryAfterMs: number;
}

export interface PoolStats {
  place: EgressPlace;
  /** Connections open or being opened, those in use among them, and requests that wait for one. */
  connections: number;
  running: number;
  waiting: number;
  /** Shares that the waiting requests belong to. */
  waitingShares: number;
  breaker: BreakerState;
}

/** Outcomes count from the start of the process; `pools` is as of now and bounded by the option `pools`. */
export interface EgressStats {
  answered: number;
  notSent: Partial<Record<NotSentReason, number>>;
  sentWithoutAnswer: Partial<Record<LostReason, number>>;
  breakersOpened: number;
  pools: PoolStats[];
  /** Every configured proxy, in the order of preference. */
  proxies: { proxy: string; up: boolean }[];
}

/** A proxy that begins to fail, or gives tunnels again. */
export interface ProxyChange {
  /** Host and port. */
  proxy: string;
  up: boolean;
  /** When down: why the last attempt failed; a phase and an error code. */
  detail: string | null;
  /** When down: how long until it is tried again. */
  retryAfterMs: number;
}

export class OutcomeCounters {
  #answered = 0;
  #breakersOpened = 0;
  readonly #notSent = new Map<NotSentReason, number>();
  readonly #lost = new Map<LostReason, number>();

  count(outcome: EgressOutcome): EgressOutcome {
    if (outcome.kind === 'answered') this.#answered += 1;
    else if (outcome.kind === 'not_sent') increment(this.#notSent, outcome.reason);
    else increment(this.#lost, outcome.reason);
    return outcome;
  }

  countBreaker(state: BreakerState): void {
    if (state === 'open') this.#breakersOpened += 1;
  }

  read(): Omit<EgressStats, 'pools' | 'proxies'> {
    return {
      answered: this.#answered,
      notSent: Object.fromEntries(this.#notSent),
      sentWithoutAnswer: Object.fromEntries(this.#lost),
      breakersOpened: this.#breakersOpened,
    };
  }
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
