import { isIP } from 'node:net';
import { Breaker } from './breaker.ts';
import type { Admission, TransportVerdict } from './breaker.ts';
import type { ProxyChange } from './egress-stats.ts';
import type { ProxyAddress } from './open-tunnel.ts';
import { proxyAddress } from './proxy-address.ts';

/** How everything leaves this machine: the choice is the client's and not a request's, so nothing can go around it. */
export type EgressExit =
  | {
      /**
       * `http(s)://[user:password@]host:port` of forward proxies in the order of preference, at most 8. Tunnels are opened
       * with CONNECT, TLS stays end to end.
       */
      readonly proxies: readonly string[];
      /** Trusted authorities of proxies that begin with https://; the public list of Node when absent. */
      readonly caPem?: string;
    }
  /** An IP address of this machine. */
  | { readonly sourceAddress: string };

/** One way out. */
export interface Exit {
  /** Distinguishes the pools of different exits; null where there is nothing to choose. */
  readonly name: string | null;
  readonly route: { readonly proxy?: ProxyAddress; readonly localAddress?: string };
  /** Absent where no proxy can fail. */
  readonly breaker: Breaker | undefined;
}

export interface ExitLimits {
  /** Pause of a proxy that failed; doubles up to `maxPauseMs` while a probe fails. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
}

const MAX_PROXIES = 8;
/** With nowhere else to go, one stumble must not stop all requests. */
const FAILURES_OF_AN_ONLY_PROXY = 3;

/** The ways out in the order of preference, and which proxies are left alone for the moment. */
export class EgressExits {
  readonly all: readonly Exit[];
  readonly #down = new Map<Exit, string>();

  /** @throws RangeError for an exit that cannot be; the message repeats no address */
  constructor(
    exit: EgressExit | undefined,
    private readonly limits: ExitLimits,
    private readonly nowMs: () => number,
    private readonly onChange: (exit: Exit, change: ProxyChange) => void,
  ) {
    if (exit === undefined) this.all = [{ name: null, route: {}, breaker: undefined }];
    else if ('sourceAddress' in exit) this.all = [fromAddress(exit.sourceAddress)];
    else this.all = this.#throughProxies(exit.proxies, exit.caPem);
  }

  /** Whether a request may try this exit now; hand the permit back with the verdict. */
  admit(exit: Exit): Admission {
    return exit.breaker?.admit() ?? { admitted: true, permit: 0 };
  }

  report(exit: Exit, permit: number, verdict: TransportVerdict, detail: string): void {
    if (verdict === 'fails') this.#down.set(exit, detail);
    exit.breaker?.report(permit, verdict);
  }

  /** How many exits from this place on are not left alone: those share the time for connecting. */
  usableFrom(at: number): number {
    return Math.max(1, this.all.slice(at).filter(({ breaker }) => breaker?.state !== 'open').length);
  }

  stats(): { proxy: string; up: boolean }[] {
    return this.all.flatMap(({ route, breaker }) =>
      route.proxy === undefined ? [] : [{ proxy: route.proxy.name, up: breaker?.state === 'closed' }],
    );
  }

  #throughProxies(urls: readonly string[], caPem: string | undefined): Exit[] {
    if (urls.length === 0 || urls.length > MAX_PROXIES) throw new RangeError(`one to ${MAX_PROXIES} proxies`);
    const exits = urls.map((url) => {
      const read = proxyAddress(url);
      if (!read.ok) throw new RangeError(`the address of a proxy ${read.problem}`);
      const proxy = caPem === undefined ? read.proxy : { ...read.proxy, caPem };
      return this.#withBreaker({ name: proxy.name, route: { proxy } }, proxy.name, urls.length);
    });
    if (new Set(exits.map(({ name }) => name)).size < exits.length) throw new RangeError('the same proxy twice');
    return exits;
  }

  #withBreaker(exit: Omit<Exit, 'breaker'>, proxy: string, siblings: number): Exit {
    const failures = siblings > 1 ? 1 : FAILURES_OF_AN_ONLY_PROXY;
    let up = true;
    const breaker = new Breaker({ failures, ...this.limits }, this.nowMs, (state, retryAfterMs) => {
      // A probe that fails is the same trouble still: told once.
      if (state === 'half_open' || (state === 'closed') === up) return;
      up = state === 'closed';
      this.onChange(made, { proxy, up, detail: up ? null : (this.#down.get(made) ?? null), retryAfterMs });
    });
    const made: Exit = { ...exit, breaker };
    return made;
  }
}

function fromAddress(localAddress: string): Exit {
  if (isIP(localAddress) === 0) throw new RangeError('the source address is no IP address');
  return { name: localAddress, route: { localAddress }, breaker: undefined };
}
