import type { EventEmitter } from 'node:events';
import { Client } from 'undici';
import type { NotSentReason } from './egress-outcome.ts';
import type { Exchange } from './exchange.ts';
import { FairQueue } from './fair-queue.ts';
import { openConnection } from './open-connection.ts';
import type { Route } from './open-connection.ts';

export interface PoolLimits {
  /** Connections open at once to one address with one credential. */
  connections: number;
  /** Requests that may wait for a free connection; more are refused, see FairQueue. */
  waiting: number;
  waitingPerShare: number;
  /** An idle connection is closed after this time, or earlier if the server asks for it. */
  keepAliveMs: number;
  certificateVerdictMs: number;
}

/** One connection (now and then another one in its place) that carries one exchange at a time. */
interface Lane {
  client: Client;
  connectTimeoutMs: number;
  tunnelTimeoutMs: number;
  abandonConnecting: () => void;
}

/**
 * The connections to one address with one credential through one proxy. It holds undici clients itself instead of an
 * undici Pool: so an exchange that waits can be given up at its own deadline and be certain that it will never be
 * written, the connect deadline is that of the request for which the connection is opened, and the connection used last is
 * taken first.
 */
export class ConnectionPool {
  readonly #lanes = new Set<Lane>();
  readonly #idle: Lane[] = [];
  readonly #waiting: FairQueue<Exchange>;
  readonly #destroying = new Set<Promise<void>>();
  #retired: { done: () => void } | undefined;

  constructor(
    private readonly origin: string,
    private readonly route: Route,
    private readonly limits: PoolLimits,
  ) {
    this.#waiting = new FairQueue({ total: limits.waiting, perShare: limits.waitingPerShare });
  }

  counts(): { connections: number; running: number; waiting: number; waitingShares: number } {
    const [connections, idle] = [this.#lanes.size, this.#idle.length];
    return {
      connections,
      running: connections - idle,
      waiting: this.#waiting.size,
      waitingShares: this.#waiting.shares,
    };
  }

  submit(exchange: Exchange, share: string): void {
    const lane = this.#idle.pop() ?? (this.#lanes.size < this.limits.connections ? this.#addLane() : undefined);
    if (lane !== undefined) return this.#carry(lane, exchange);
    const offered = this.#waiting.offer(share, exchange);
    if (!offered.taken) return exchange.refuse('overloaded', this.#full(offered.full));
    exchange.whenSettled(() => this.#waiting.remove(share, exchange));
    offered.displaced?.refuse('overloaded', 'made room for a share with fewer requests waiting');
  }

  /** Gives up all requests that wait for a connection; those that have one go on. */
  refuseWaiting(reason: NotSentReason, detail: string, retryAfterMs: number): void {
    for (let left = this.#waiting.size; left > 0; left -= 1) {
      const exchange = this.#waiting.take();
      exchange?.whenSettled(() => undefined);
      exchange?.refuse(reason, detail, retryAfterMs);
    }
  }

  /** Closes what is idle and resolves when the last running or waiting request has ended. Call it once. */
  async retire(): Promise<void> {
    const drained = new Promise<void>((done) => (this.#retired = { done }));
    for (const lane of this.#idle.splice(0)) this.#dropLane(lane);
    if (this.#lanes.size === 0) this.#retired?.done();
    await drained;
    await Promise.all(this.#destroying);
  }

  #carry(lane: Lane, exchange: Exchange): void {
    const { origin, method, path, headers, body, connectTimeoutMs, tunnelTimeoutMs } = exchange.wire;
    lane.connectTimeoutMs = connectTimeoutMs;
    lane.tunnelTimeoutMs = tunnelTimeoutMs;
    exchange.leaveQueue();
    exchange.whenSettled((fate) => {
      if (fate === 'spoiled') this.#dropLane(lane);
      this.#takeNext(fate === 'spoiled' ? undefined : lane);
    });
    lane.client.dispatch({ origin, method, path, headers, body: body ?? null, idempotent: false }, exchange);
  }

  #takeNext(free: Lane | undefined): void {
    const next = this.#waiting.take();
    if (next !== undefined) {
      // Not inside undici's callback that just ended the exchange before.
      const lane = free ?? this.#addLane();
      queueMicrotask(() => (next.settled ? this.#takeNext(lane) : this.#carry(lane, next)));
      next.whenSettled(() => undefined);
      return;
    }
    if (free !== undefined && this.#retired === undefined) this.#idle.push(free);
    else if (free !== undefined) this.#dropLane(free);
    if (this.#retired !== undefined && this.#lanes.size === 0) this.#retired.done();
  }

  #full(bound: 'share' | 'queue'): string {
    return bound === 'queue'
      ? `${this.limits.waiting} requests wait for a connection already`
      : `${this.limits.waitingPerShare} requests of this share wait for a connection already`;
  }

  #addLane(): Lane {
    const lane: Lane = {
      connectTimeoutMs: 0,
      tunnelTimeoutMs: 0,
      abandonConnecting: () => undefined,
      client: new Client(this.origin, {
        pipelining: 1,
        allowH2: false,
        // The total deadline of the exchange covers both.
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: this.limits.keepAliveMs,
        keepAliveMaxTimeout: this.limits.keepAliveMs,
        maxHeaderSize: 32 * 1024,
        connect: (_, callback) => {
          const { connectTimeoutMs: timeoutMs, tunnelTimeoutMs } = lane;
          const options = { timeoutMs, tunnelTimeoutMs, certificateVerdictMs: this.limits.certificateVerdictMs };
          lane.abandonConnecting = openConnection(this.route, options, (result) =>
            'error' in result ? callback(result.error, null) : callback(null, result.socket),
          );
        },
      }),
    };
    // undici reports a broken invariant of its own this way; without a listener it would end the process. The exchange in
    // flight, if any, ends at its deadline at the latest.
    (lane.client as EventEmitter).on('error', () => this.#dropLane(lane));
    this.#lanes.add(lane);
    return lane;
  }

  #dropLane(lane: Lane): void {
    this.#lanes.delete(lane);
    const idleAt = this.#idle.indexOf(lane);
    if (idleAt >= 0) this.#idle.splice(idleAt, 1);
    lane.abandonConnecting();
    const destroyed = lane.client.destroy().catch(() => undefined);
    this.#destroying.add(destroyed);
    void destroyed.finally(() => this.#destroying.delete(destroyed));
  }
}
