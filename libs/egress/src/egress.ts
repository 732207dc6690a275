import { createHash } from 'node:crypto';
import { systemClock } from '@tolem/domain';
import type { Clock } from '@tolem/domain';
import { ConnectError } from './connect-error.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { PoolLimits } from './connection-pool.ts';
import type { EgressOutcome, NotSentReason } from './egress-outcome.ts';
import type { EgressRequest, EgressTarget } from './egress-request.ts';
import { Exchange } from './exchange.ts';
import { InvalidEgressRequest, routeOf, wireRequestOf } from './wire-request.ts';
import type { WireRequest } from './wire-request.ts';

export interface EgressOptions {
  /** Only `monotonicMs` is used, for the `ms` of outcomes; deadlines run on the timers of Node. */
  clock?: Pick<Clock, 'monotonicMs'>;
  /** Connections per (address, credential, proxy); default 32. */
  connections?: number;
  /** Requests waiting for a connection, per (address, credential, proxy); default 512. */
  waiting?: number;
  /** (Address, credential, proxy) combinations kept open; the one not used for longest is closed; default 256. */
  pools?: number;
  /** Idle connections are closed after this time; default 10 s. */
  keepAliveMs?: number;
  /** How long a fresh TLS 1.3 connection waits for the server's word on our certificate; default 300 ms. */
  certificateVerdictMs?: number;
  /** For providers in the same machine or network that speak plain HTTP; default false. */
  allowPlainHttp?: boolean;
}

interface PoolEntry {
  pool: ConnectionPool;
  /** Same for all versions of one credential (and of the trusted authorities). */
  family: string;
}

/**
 * The one way out to providers: HTTP/1.1 over TLS with client certificates, a deadline on everything, no redirects, no
 * retries, and an outcome that tells *not sent*, *sent without answer* and *answered* apart.
 */
export class Egress {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #limits: PoolLimits;
  readonly #maxPools: number;
  readonly #allowPlainHttp: boolean;
  /** Ordered by last use. */
  readonly #pools = new Map<string, PoolEntry>();
  readonly #retiring = new Set<Promise<void>>();
  #closed = false;

  constructor(options: EgressOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#maxPools = atLeastOne('pools', options.pools ?? 256);
    this.#allowPlainHttp = options.allowPlainHttp ?? false;
    this.#limits = {
      connections: atLeastOne('connections', options.connections ?? 32),
      waiting: atLeastOne('waiting', options.waiting ?? 512),
      keepAliveMs: atLeastOne('keepAliveMs', options.keepAliveMs ?? 10_000),
      certificateVerdictMs: atLeastOne('certificateVerdictMs', options.certificateVerdictMs ?? 300),
    };
  }

  /** Sends one request at most once. Never rejects: whatever goes wrong is an outcome. */
  async request(request: EgressRequest): Promise<EgressOutcome> {
    if (this.#closed) return notSent('closed', 'the client is closing');
    let wire: WireRequest;
    let pool: ConnectionPool;
    try {
      wire = wireRequestOf(request, this.#allowPlainHttp);
      pool = this.#poolOf(request.target, wire.origin);
    } catch (error) {
      if (error instanceof InvalidEgressRequest) return notSent('invalid_request', error.message);
      if (error instanceof ConnectError) return notSent(error.reason, error.detail);
      return notSent('invalid_request', 'the request is malformed');
    }
    const exchange = new Exchange(wire, () => this.#clock.monotonicMs());
    pool.submit(exchange);
    return exchange.outcome;
  }

  /** Refuses what comes from now on and resolves when every running request has ended (each has its own deadline). */
  async close(): Promise<void> {
    this.#closed = true;
    for (const key of [...this.#pools.keys()]) this.#retire(key);
    while (this.#retiring.size > 0) await Promise.all(this.#retiring);
  }

  #poolOf(target: EgressTarget, origin: string): ConnectionPool {
    const family = JSON.stringify([origin, target.credential?.id ?? null, target.proxyUrl ?? null]);
    const trust = target.caPem === undefined ? null : createHash('sha256').update(target.caPem).digest('base64');
    const key = JSON.stringify([family, target.credential?.version ?? null, trust]);
    const known = this.#pools.get(key);
    if (known !== undefined) {
      this.#pools.delete(key);
      this.#pools.set(key, known);
      return known.pool;
    }
    const pool = new ConnectionPool(origin, routeOf(target, this.#allowPlainHttp), this.#limits);
    for (const [otherKey, other] of this.#pools) if (other.family === family) this.#retire(otherKey);
    for (const oldestKey of this.#pools.keys()) {
      if (this.#pools.size < this.#maxPools) break;
      this.#retire(oldestKey);
    }
    this.#pools.set(key, { pool, family });
    return pool;
  }

  #retire(key: string): void {
    const entry = this.#pools.get(key);
    if (entry === undefined) return;
    this.#pools.delete(key);
    const drained = entry.pool.retire();
    this.#retiring.add(drained);
    void drained.finally(() => this.#retiring.delete(drained));
  }
}

function notSent(reason: NotSentReason, detail: string): EgressOutcome {
  return { kind: 'not_sent', reason, detail, ms: 0 };
}

function atLeastOne(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number from 1`);
  return value;
}
