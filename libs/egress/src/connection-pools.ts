import { createHash } from 'node:crypto';
import { Breaker } from './breaker.ts';
import type { BreakerLimits } from './breaker.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { PoolLimits } from './connection-pool.ts';
import type { EgressTarget } from './egress-request.ts';
import type { Exit } from './egress-exits.ts';
import type { BreakerChange, EgressPlace, PoolStats } from './egress-stats.ts';
import { routeOf } from './wire-request.ts';

export interface PoolsLimits {
  pool: PoolLimits;
  breaker: BreakerLimits;
  /** Pools in all; the one not used for longest goes. */
  pools: number;
  /** Pools of one (address, credential, proxy) that differ in the credential's version or the trusted authorities. */
  versions: number;
  /** A pool that was not used for this time goes when the next request comes, whichever that is for. */
  idleMs: number;
  allowPlainHttp: boolean;
}

export interface Way {
  readonly pool: ConnectionPool;
  readonly breaker: Breaker;
}

interface Entry extends Way {
  /** Same for all versions of one credential and of the trusted authorities. */
  readonly family: string;
  readonly place: EgressPlace;
  readonly exit: Exit;
  usedMs: number;
}

/**
 * One pool of connections and one breaker per (address, credential in its version, trusted authorities, proxy). A new
 * version has a fresh breaker: what failed with an expired certificate says nothing about the one that replaces it. The
 * last few versions live side by side, so that two callers who see different ones for a moment do not take each other's
 * connections away.
 */
export class ConnectionPools {
  /** Ordered by last use. */
  readonly #entries = new Map<string, Entry>();
  readonly #retiring = new Set<Promise<void>>();
  /** Of lists of authorities, so that not every request has to work out the same again. */
  readonly #fingerprints = new Map<string, string>();

  constructor(
    private readonly limits: PoolsLimits,
    private readonly nowMs: () => number,
    private readonly onBreaker: (change: BreakerChange) => void,
  ) {}

  /** @throws InvalidEgressRequest, ConnectError, as `routeOf` does */
  wayTo(target: EgressTarget, address: string, exit: Exit): Way {
    const family = JSON.stringify([address, target.credential?.id ?? null, exit.name]);
    const key = JSON.stringify([family, target.credential?.version ?? null, this.#fingerprintOfTrust(target)]);
    const entry = this.#entries.get(key) ?? this.#create(target, address, exit, family);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.usedMs = this.nowMs();
    this.#retireUnused();
    return entry;
  }

  stats(): PoolStats[] {
    return [...this.#entries.values()].map(({ place, pool, breaker }) => ({
      place,
      ...pool.counts(),
      breaker: breaker.state,
    }));
  }

  /** Gives up what waits for a connection through this proxy, so that it finds another one. */
  refuseWaiting(exit: Exit, retryAfterMs: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.exit === exit) entry.pool.refuseWaiting('proxy_unavailable', PROXY_PAUSED, retryAfterMs);
    }
  }

  /** Resolves when the last running or waiting request has ended. */
  async close(): Promise<void> {
    for (const key of [...this.#entries.keys()]) this.#retire(key);
    while (this.#retiring.size > 0) await Promise.all(this.#retiring);
  }

  #create(target: EgressTarget, address: string, exit: Exit, family: string): Entry {
    const route = { ...routeOf(target, this.limits.allowPlainHttp), ...exit.route };
    const pool = new ConnectionPool(address, route, this.limits.pool);
    const place = placeOf(target, address, exit);
    const breaker = new Breaker(this.limits.breaker, this.nowMs, (state, retryAfterMs) => {
      if (state === 'open') pool.refuseWaiting('breaker_open', BREAKER_OPEN, retryAfterMs);
      this.onBreaker({ place, state, retryAfterMs });
    });
    const relatives = [...this.#entries].filter(([, other]) => other.family === family).map(([key]) => key);
    for (const key of relatives.slice(0, Math.max(0, relatives.length + 1 - this.limits.versions))) this.#retire(key);
    return { pool, breaker, family, place, exit, usedMs: 0 };
  }

  #fingerprintOfTrust({ credential, caPem }: EgressTarget): string | null {
    const trustedPem = credential?.caPem ?? caPem;
    if (trustedPem === undefined) return null;
    const known = this.#fingerprints.get(trustedPem);
    if (known !== undefined) return known;
    const fingerprint = createHash('sha256').update(trustedPem).digest('base64');
    if (this.#fingerprints.size >= this.limits.pools) this.#fingerprints.clear();
    this.#fingerprints.set(trustedPem, fingerprint);
    return fingerprint;
  }

  /** The entry used last stays in any case. */
  #retireUnused(): void {
    const bestBeforeMs = this.nowMs() - this.limits.idleMs;
    for (const [key, { usedMs }] of this.#entries) {
      if (this.#entries.size <= this.limits.pools && usedMs >= bestBeforeMs) return;
      this.#retire(key);
    }
  }

  #retire(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    const drained = entry.pool.retire();
    this.#retiring.add(drained);
    void drained.finally(() => this.#retiring.delete(drained));
  }
}

export const PROXY_PAUSED = 'failed and is left alone for a while';
export const BREAKER_OPEN = 'this way to the provider failed too often in a row';

function placeOf({ credential }: EgressTarget, address: string, exit: Exit): EgressPlace {
  return {
    address,
    ...(credential === undefined ? {} : { credentialId: credential.id, credentialVersion: credential.version }),
    ...(exit.route.proxy === undefined ? {} : { proxy: exit.route.proxy.name }),
  };
}
