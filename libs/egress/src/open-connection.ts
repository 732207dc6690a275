import { isIP, connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SecureContext, TLSSocket } from 'node:tls';
import { ConnectError, connectErrorOf } from './connect-error.ts';
import { openTunnel } from './open-tunnel.ts';
import type { ProxyAddress } from './open-tunnel.ts';

export interface Route {
  host: string;
  port: number;
  /** Absent: plain HTTP. */
  secureContext?: SecureContext;
  proxy?: ProxyAddress;
  /** Address of this machine that the connection leaves from. */
  localAddress?: string;
}

export interface OpenConnectionOptions {
  /** TCP, proxy tunnel and TLS together. */
  timeoutMs: number;
  /** Of those, TCP to the proxy and its answer to CONNECT. */
  tunnelTimeoutMs: number;
  /** How long to wait for the server's word on our certificate or the lack of it, see below. */
  certificateVerdictMs: number;
}

export type ConnectionResult = { error: ConnectError } | { socket: Socket };

/**
 * Opens one connection and reports once. The returned function gives the attempt up without a report.
 *
 * In TLS 1.3 the client's handshake is over before the server has looked at the client's certificate, so a refusal would
 * arrive after the request was written, and nobody could tell whether the request counted. A server that is content with
 * what it got normally sends a session ticket at once. We wait for that ticket (or a refusal) before the connection may
 * carry a request; a server that sends no tickets costs `certificateVerdictMs` once per connection, and a refusal that
 * comes even later is reported as `sent_without_answer`.
 */
export function openConnection(
  route: Route,
  options: OpenConnectionOptions,
  done: (result: ConnectionResult) => void,
): () => void {
  let finished = false;
  let giveUpCurrent: () => void = () => undefined;

  const finish = (result: ConnectionResult): void => {
    if (finished) return;
    finished = true;
    clearTimeout(deadline);
    clearTimeout(tunnelDeadline);
    if ('error' in result) giveUpCurrent();
    done(result);
  };
  const abandon = (): void => {
    if (finished) return;
    finished = true;
    clearTimeout(deadline);
    clearTimeout(tunnelDeadline);
    giveUpCurrent();
  };
  // A proxy that asks the provider in vain looks the same as one that hangs, unless it gives up before we do and says so.
  const noTunnel = (): void => {
    const detail = `no tunnel within ${options.tunnelTimeoutMs} ms`;
    finish({ error: new ConnectError('proxy_unavailable', detail) });
  };
  const tunnelDeadline = route.proxy === undefined ? undefined : setTimeout(noTunnel, options.tunnelTimeoutMs);
  const deadline = setTimeout(
    () => finish({ error: new ConnectError('connect_timeout', `no connection within ${options.timeoutMs} ms`) }),
    options.timeoutMs,
  );

  const secure = (tunnel: Socket | undefined): void => {
    clearTimeout(tunnelDeadline);
    if (finished) {
      tunnel?.destroy();
      return;
    }
    giveUpCurrent = handshake(route, tunnel, options.certificateVerdictMs, finish);
  };

  if (route.proxy === undefined) {
    secure(undefined);
  } else {
    giveUpCurrent = openTunnel(route.proxy, route, (result) => {
      if ('error' in result) finish(result);
      else secure(result.socket);
    });
  }
  return abandon;
}

const TCP_OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 } as const;

function handshake(
  route: Route,
  tunnel: Socket | undefined,
  certificateVerdictMs: number,
  finish: (result: ConnectionResult) => void,
): () => void {
  const { host, port, secureContext, localAddress } = route;
  const plain = secureContext === undefined;
  if (plain && tunnel !== undefined) {
    finish({ socket: tunnel });
    return () => tunnel.destroy();
  }
  const tcp = { ...TCP_OPTIONS, ...(localAddress === undefined ? {} : { localAddress, family: isIP(localAddress) }) };
  const socket: Socket = plain
    ? connectTcp({ host, port, ...tcp })
    : connectTls({
        ...(tunnel === undefined ? tcp : { socket: tunnel }),
        host,
        port,
        secureContext,
        ...(isIP(host) === 0 ? { servername: host } : {}),
        ALPNProtocols: ['http/1.1'],
        rejectUnauthorized: true,
      });

  let phase: 'connecting' | 'tls' = tunnel === undefined ? 'connecting' : 'tls';
  let verdictTimer: NodeJS.Timeout | undefined;

  const detach = (): void => {
    clearTimeout(verdictTimer);
    socket.off('connect', onConnect).off('secureConnect', onSecure).off('session', onTicket);
    socket.off('close', onClose).off('error', onError);
  };
  const giveUp = (): void => {
    detach();
    // A socket that is being destroyed may still report why; nobody is left to listen.
    socket.on('error', () => undefined).destroy();
    tunnel?.destroy();
  };
  const ready = (): void => {
    if (socket.destroyed) return;
    detach();
    finish({ socket });
  };
  const onConnect = (): void => {
    if (plain) ready();
    phase = 'tls';
  };
  // The event comes from inside OpenSSL's reading; what is written there and then stays in its buffer for ever.
  const onTicket = (): void => void setImmediate(ready);
  const onSecure = (): void => {
    if ((socket as TLSSocket).getProtocol() !== 'TLSv1.3') return ready();
    socket.once('session', onTicket);
    verdictTimer = setTimeout(ready, certificateVerdictMs);
  };
  const onError = (error: Error): void => finish({ error: connectErrorOf(error, phase) });
  const onClose = (): void => onError(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));

  socket.on('connect', onConnect).on('secureConnect', onSecure).on('close', onClose).on('error', onError);
  return giveUp;
}
