import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { R3Requests } from './r3-requests.ts';

const MAX_CONNECTIONS = 4000;
const KEEP_ALIVE_MS = 75_000;
const HEADERS_MS = 10_000;

export interface TlsServerTexts {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface TlsCounts {
  refused_addresses: number;
  refused_handshakes: number;
}

/**
 * The door of scheme 3 (kaspi-qr.md §1, §13.7): TLS 1.2 or later with a client certificate of the bank's own CA, from
 * listed source addresses. Without such a certificate the handshake is cut, so a client never sees -10000.
 */
export function r3Server(
  texts: TlsServerTexts,
  allowedAddresses: ReadonlySet<string>,
  requests: R3Requests,
  counts: TlsCounts,
  report: (problem: unknown) => void,
): Server {
  const server = createServer(
    {
      ca: texts.caPem,
      cert: texts.certificatePem,
      key: texts.privateKeyPem,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_MS,
    },
    (request, response) => {
      requests.handle(request, response).catch((problem: unknown) => {
        // A client that goes away in the middle of its request is its own business.
        if (!request.readableAborted) report(problem);
        response.destroy();
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
    if (allowedAddresses.has(address)) return;
    counts.refused_addresses += 1;
    socket.destroy();
  });
  server.on('tlsClientError', (_problem, socket) => {
    counts.refused_handshakes += 1;
    socket.destroy();
  });
  return server;
}
