import { systemClock } from '@tolem/domain';
import type { Clock } from '@tolem/domain';
import { ConnectError } from './connect-error.ts';
import { BREAKER_OPEN, ConnectionPools, PROXY_PAUSED } from './connection-pools.ts';
import type { Way } from './connection-pools.ts';
import { EgressExits } from './egress-exits.ts';
import type { EgressExit, Exit } from './egress-exits.ts';
import type { EgressOutcome, NotSentReason } from './egress-outcome.ts';
import type { EgressRequest } from './egress-request.ts';
import { OutcomeCounters } from './egress-stats.ts';
import type { BreakerChange, EgressStats, ProxyChange } from './egress-stats.ts';
import { Exchange } from './exchange.ts';
import { proxyVerdict, transportVerdict } from './transport-verdict.ts';
import { InvalidEgressRequest, wireRequestOf } from './wire-request.ts';
import type { WireRequest } from './wire-request.ts';

export interface EgressOptions {
  /**
   * Only `monotonicMs` is used: for the `ms` of outcomes, the pauses of breakers and the age of pools. Deadlines of
   * requests run on the timers of Node.
   */
  clock?: Pick<Clock, 'monotonicMs'>;
  /** Connections per (address, credential, proxy); default 32. */
  connections?: number;
  /** Requests waiting for a connection, per (address, credential, proxy); default 512. */
  waiting?: number;
  /** Of those waiting, how many may be of one share; default half of `waiting`. */
  waitingPerShare?: number;
  /** (Address, credential, proxy) combinations kept open; the one not used for longest is closed; default 256. */
  pools?: number;
  /** Versions of one credential (or lists of trusted authorities) in use side by side at one address; default 3. */
  versions?: number;
  /** A combination not used for this time is closed when the next request comes; default 60 s. */
  poolIdleMs?: number;
  /** Idle connections are closed after this time; default 10 s. */
  keepAliveMs?: number;
  /** How long a fresh TLS 1.3 connection waits for the server's word on our certificate; default 300 ms. */
  certificateVerdictMs?: number;
  /** Transport failures in a row, with no answer between, that stop all requests on this way; default 10. */
  breakerFailures?: number;
  /** How long they stop; doubles up to `breakerMaxPauseMs` while a probe fails; defaults 500 ms and 30 s. */
  breakerPauseMs?: number;
  breakerMaxPauseMs?: number;
  /** Called when a breaker opens, lets a probe through or closes. What it throws is dropped. */
  onBreaker?: (change: BreakerChange) => void;
  /** How everything leaves this machine; by default straight and from whichever address the system picks. */
  exit?: EgressExit;
  /** How long a proxy that failed is left alone; doubles up to `proxyMaxPauseMs`; defaults 1 s and 30 s. */
  proxyPauseMs?: number;
  proxyMaxPauseMs?: number;
  /** Called once when a proxy begins to fail and once when it gives tunnels again. What it throws is dropped. */
  onProxy?: (change: ProxyChange) => void;
  /** For providers in the same machine or network that speak plain HTTP; default false. */
  allowPlainHttp?: boolean;
}

/**
 * The one way out to providers: HTTP/1.1 over TLS with client certificates, a deadline on everything, no redirects, no
 * retries, and an outcome that tells *not sent*, *sent without answer* and *answered* apart.
 */
export class Egress {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #allowPlainHttp: boolean;
  readonly #pools: ConnectionPools;
  readonly #exits: EgressExits;
  readonly #counters = new OutcomeCounters();
  #closed = false;

  constructor(options: EgressOptions = {}) {
    const clock = (this.#clock = options.clock ?? systemClock);
    this.#allowPlainHttp = options.allowPlainHttp ?? false;
    const waiting = options.waiting ?? 512;
    const pauseMs = options.breakerPauseMs ?? 500;
    const limits = {
      pool: {
        connections: atLeastOne('connections', options.connections ?? 32),
        waiting: atLeastOne('waiting', waiting),
        waitingPerShare: atLeastOne('waitingPerShare', options.waitingPerShare ?? Math.ceil(waiting / 2)),
        keepAliveMs: atLeastOne('keepAliveMs', options.keepAliveMs ?? 10_000),
        certificateVerdictMs: atLeastOne('certificateVerdictMs', options.certificateVerdictMs ?? 300),
      },
      breaker: {
        failures: atLeastOne('breakerFailures', options.breakerFailures ?? 10),
        pauseMs: atLeastOne('breakerPauseMs', pauseMs),
        maxPauseMs: Math.max(pauseMs, atLeastOne('breakerMaxPauseMs', options.breakerMaxPauseMs ?? 30_000)),
      },
      pools: atLeastOne('pools', options.pools ?? 256),
      versions: atLeastOne('versions', options.versions ?? 3),
      idleMs: atLeastOne('poolIdleMs', options.poolIdleMs ?? 60_000),
      allowPlainHttp: this.#allowPlainHttp,
    };
    this.#pools = new ConnectionPools(
      limits,
      () => clock.monotonicMs(),
      (change) => {
        this.#counters.countBreaker(change.state);
        silently(() => options.onBreaker?.(change));
      },
    );
    const proxyPauseMs = atLeastOne('proxyPauseMs', options.proxyPauseMs ?? 1_000);
    this.#exits = new EgressExits(
      options.exit,
      {
        pauseMs: proxyPauseMs,
        maxPauseMs: Math.max(proxyPauseMs, atLeastOne('proxyMaxPauseMs', options.proxyMaxPauseMs ?? 30_000)),
      },
      () => clock.monotonicMs(),
      (exit, change) => {
        if (!change.up) this.#pools.refuseWaiting(exit, change.retryAfterMs);
        silently(() => options.onProxy?.(change));
      },
    );
  }

  /** Sends one request at most once. Never rejects: whatever goes wrong is an outcome. */
  async request(request: EgressRequest): Promise<EgressOutcome> {
    return this.#counters.count(await this.#send(request));
  }

  stats(): EgressStats {
    return { ...this.#counters.read(), pools: this.#pools.stats(), proxies: this.#exits.stats() };
  }

  /** Refuses what comes from now on and resolves when every running request has ended (each has its own deadline). */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pools.close();
  }

  /** One exit after the other, for as long as it is certain that nothing left through the one before. */
  async #send(request: EgressRequest): Promise<EgressOutcome> {
    let wire: WireRequest;
    try {
      wire = wireRequestOf(request, this.#allowPlainHttp);
    } catch (error) {
      return notSentBecause(error);
    }
    const startedMs = this.#clock.monotonicMs();
    const elapsedMs = (): number => Math.max(0, Math.round(this.#clock.monotonicMs() - startedMs));
    const { all } = this.#exits;
    const failed: NotSent[] = [];
    let connectLeftMs = wire.connectTimeoutMs;
    for (const [at, exit] of all.entries()) {
      const beforeMs = elapsedMs();
      const totalTimeoutMs = wire.totalTimeoutMs - beforeMs;
      if (totalTimeoutMs < 1) break;
      const tunnelTimeoutMs = Math.ceil(connectLeftMs / this.#exits.usableFrom(at));
      const bounds = { connectTimeoutMs: connectLeftMs, tunnelTimeoutMs, totalTimeoutMs };
      const outcome = await this.#through(exit, request, { ...wire, ...bounds });
      if (!hasNoWay(outcome)) return { ...outcome, ms: outcome.ms + beforeMs };
      failed.push(exit.route.proxy === undefined ? outcome : { ...outcome, detail: detailOf(exit, outcome) });
      connectLeftMs = Math.max(1, connectLeftMs - Math.min(tunnelTimeoutMs, outcome.ms));
    }
    return { ...noWayAtAll(failed), ms: elapsedMs() };
  }

  async #through(exit: Exit, request: EgressRequest, wire: WireRequest): Promise<EgressOutcome> {
    if (this.#closed) return notSent('closed', 'the client is closing');
    const admitted = this.#exits.admit(exit);
    if (!admitted.admitted) {
      return { ...notSent('proxy_unavailable', PROXY_PAUSED), retryAfterMs: admitted.retryAfterMs };
    }
    // Told before the pool goes on: what waits there for a proxy that just failed must not ask it again.
    const judge = (outcome: EgressOutcome): EgressOutcome => {
      const detail = 'detail' in outcome ? outcome.detail : '';
      this.#exits.report(exit, admitted.permit, proxyVerdict(outcome), detail);
      return outcome;
    };
    let way: Way;
    try {
      way = this.#pools.wayTo(request.target, wire.origin, exit);
    } catch (error) {
      return judge(notSentBecause(error));
    }
    const admission = way.breaker.admit();
    if (!admission.admitted) {
      return judge({ ...notSent('breaker_open', BREAKER_OPEN), retryAfterMs: admission.retryAfterMs });
    }
    const exchange = new Exchange(
      wire,
      () => this.#clock.monotonicMs(),
      (outcome, tried) => {
        way.breaker.report(admission.permit, transportVerdict(outcome, tried));
        judge(outcome);
      },
    );
    way.pool.submit(exchange, request.share ?? '');
    return exchange.outcome;
  }
}

type NotSent = Extract<EgressOutcome, { kind: 'not_sent' }>;

/** In the order in which they tell more: a proxy that works and cannot reach the provider says most. */
const NO_WAY = ['proxy_no_route', 'breaker_open', 'proxy_unavailable'] as const satisfies NotSentReason[];

function hasNoWay(outcome: EgressOutcome): outcome is NotSent {
  return outcome.kind === 'not_sent' && NO_WAY.some((reason) => reason === outcome.reason);
}

/** What became of a request that no exit had a way for. */
function noWayAtAll(failed: readonly NotSent[]): NotSent {
  const reason = NO_WAY.find((word) => failed.some((outcome) => outcome.reason === word));
  if (reason === undefined) return notSent('timeout', 'no time was left to connect');
  const waitsMs = failed.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return {
    ...notSent(reason, failed.map(({ detail }) => detail).join('; ')),
    ...(waitsMs.length === 0 ? {} : { retryAfterMs: Math.min(...waitsMs) }),
  };
}

function detailOf(exit: Exit, { detail }: NotSent): string {
  return `proxy ${exit.name ?? ''}: ${detail}`;
}

function notSentBecause(error: unknown): NotSent {
  if (error instanceof InvalidEgressRequest) return notSent('invalid_request', error.message);
  if (error instanceof ConnectError) return notSent(error.reason, error.detail);
  return notSent('invalid_request', 'the request is malformed');
}

function notSent(reason: NotSentReason, detail: string): NotSent {
  return { kind: 'not_sent', reason, detail, ms: 0 };
}

function silently(listener: () => void): void {
  try {
    listener();
  } catch {
    // A metric that breaks must not break a payment; the listener's owner is the one to log.
  }
}

function atLeastOne(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number from 1`);
  return value;
}
