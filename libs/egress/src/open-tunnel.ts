import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { codeOf, ConnectError } from './connect-error.ts';

export interface ProxyAddress {
  /** Host and port, for logs and metrics: no user, no password. */
  name: string;
  host: string;
  port: number;
  /** Whether the proxy itself is spoken to over TLS. */
  secure: boolean;
  /** Trusted authorities of the proxy's own certificate; absent: the public list of Node. */
  caPem?: string;
  /** Value of `Proxy-Authorization`, when the proxy wants one. */
  authorization?: string;
}

type TunnelResult = { error: ConnectError } | { socket: Socket };

/** What proxies answer when they themselves work and the other side cannot be reached (RFC 9110 §15.6.3 to §15.6.5). */
const NO_ROUTE: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * Asks a forward proxy for a TCP tunnel (RFC 9110 §9.3.6), so that every request leaves from one known address while TLS
 * stays between us and the provider. The returned function gives the attempt up.
 */
export function openTunnel(
  proxy: ProxyAddress,
  destination: { host: string; port: number },
  done: (result: TunnelResult) => void,
): () => void {
  const host = destination.host.includes(':') ? `[${destination.host}]` : destination.host;
  const authority = `${host}:${destination.port}`;
  const options = {
    host: proxy.host,
    port: proxy.port,
    method: 'CONNECT',
    path: authority,
    agent: false,
    headers: {
      host: authority,
      ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }),
    },
  };
  const asking = proxy.secure ? requestSecure({ ...options, ...tlsOptions(proxy) }) : requestPlain(options);
  asking.on('connect', (answer, socket: Socket, head: Buffer) => {
    const status = answer.statusCode ?? 0;
    if (status < 200 || status > 299) {
      socket.on('error', () => undefined).destroy();
      const reason = NO_ROUTE.has(status) ? 'proxy_no_route' : 'proxy_unavailable';
      done({ error: new ConnectError(reason, `it answered ${status} to CONNECT`) });
      return;
    }
    if (head.length > 0) socket.unshift(head);
    done({ socket });
  });
  // A proxy that takes CONNECT for an ordinary method answers as if to one.
  asking.on('response', (answer) => {
    answer.destroy();
    done({ error: new ConnectError('proxy_unavailable', `it answered ${answer.statusCode ?? 0} and kept the tunnel`) });
  });
  asking.on('error', (error) =>
    done({ error: new ConnectError('proxy_unavailable', `asking it for a tunnel: ${codeOf(error)}`) }),
  );
  asking.end();
  return () => asking.on('error', () => undefined).destroy();
}

function tlsOptions({ host, caPem }: ProxyAddress) {
  return {
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2' as const,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(caPem === undefined ? {} : { ca: caPem }),
  };
}
