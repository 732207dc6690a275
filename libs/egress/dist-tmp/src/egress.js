import { createHash } from 'node:crypto';
import { ConnectError } from "./connect-error.js";
import { ConnectionPool } from "./connection-pool.js";
import { Exchange } from "./exchange.js";
import { InvalidEgressRequest, routeOf, wireRequestOf } from "./wire-request.js";
/**
 * The one way out to providers: HTTP/1.1 over TLS with client certificates, a deadline on everything, no redirects, no
 * retries, and an outcome that tells *not sent*, *sent without answer* and *answered* apart.
 */ export class Egress {
    #clock;
    #limits;
    #maxPools;
    #allowPlainHttp;
    /** Ordered by last use. */ #pools;
    #retiring;
    #closed;
    constructor(options = {}){
        this.#pools = new Map();
        this.#retiring = new Set();
        this.#closed = false;
        this.#clock = options.clock ?? {
            monotonicMs: ()=>performance.now()
        };
        this.#maxPools = atLeastOne('pools', options.pools ?? 256);
        this.#allowPlainHttp = options.allowPlainHttp ?? false;
        this.#limits = {
            connections: atLeastOne('connections', options.connections ?? 32),
            waiting: atLeastOne('waiting', options.waiting ?? 512),
            keepAliveMs: atLeastOne('keepAliveMs', options.keepAliveMs ?? 10_000),
            certificateVerdictMs: atLeastOne('certificateVerdictMs', options.certificateVerdictMs ?? 300)
        };
    }
    /** Sends one request at most once. Never rejects: whatever goes wrong is an outcome. */ async request(request) {
        if (this.#closed) return notSent('closed', 'the client is closing');
        let wire;
        let pool;
        try {
            wire = wireRequestOf(request, this.#allowPlainHttp);
            pool = this.#poolOf(request.target, wire.origin);
        } catch (error) {
            if (error instanceof InvalidEgressRequest) return notSent('invalid_request', error.message);
            if (error instanceof ConnectError) return notSent(error.reason, error.detail);
            return notSent('invalid_request', 'the request is malformed');
        }
        const exchange = new Exchange(wire, ()=>this.#clock.monotonicMs());
        pool.submit(exchange);
        return exchange.outcome;
    }
    /** Refuses what comes from now on and resolves when every running request has ended (each has its own deadline). */ async close() {
        this.#closed = true;
        for (const key of [
            ...this.#pools.keys()
        ])this.#retire(key);
        while(this.#retiring.size > 0)await Promise.all(this.#retiring);
    }
    #poolOf(target, origin) {
        const family = JSON.stringify([
            origin,
            target.credential?.id ?? null,
            target.proxyUrl ?? null
        ]);
        const trust = target.caPem === undefined ? null : createHash('sha256').update(target.caPem).digest('base64');
        const key = JSON.stringify([
            family,
            target.credential?.version ?? null,
            trust
        ]);
        const known = this.#pools.get(key);
        if (known !== undefined) {
            this.#pools.delete(key);
            this.#pools.set(key, known);
            return known.pool;
        }
        const pool = new ConnectionPool(origin, routeOf(target, this.#allowPlainHttp), this.#limits);
        for (const [otherKey, other] of this.#pools)if (other.family === family) this.#retire(otherKey);
        for (const oldestKey of this.#pools.keys()){
            if (this.#pools.size < this.#maxPools) break;
            this.#retire(oldestKey);
        }
        this.#pools.set(key, {
            pool,
            family
        });
        return pool;
    }
    #retire(key) {
        const entry = this.#pools.get(key);
        if (entry === undefined) return;
        this.#pools.delete(key);
        const drained = entry.pool.retire();
        this.#retiring.add(drained);
        void drained.finally(()=>this.#retiring.delete(drained));
    }
}
function notSent(reason, detail) {
    return {
        kind: 'not_sent',
        reason,
        detail,
        ms: 0
    };
}
function atLeastOne(name, value) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number from 1`);
    return value;
}

//# sourceMappingURL=egress.js.map