import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { AddressList } from './address-list.ts';
import type { KaspiRequests } from './kaspi-requests.ts';
import { SCHEMES } from './schemes.ts';
import type { SchemeName } from './schemes.ts';

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

export interface DoorParts {
  readonly scheme: SchemeName;
  readonly texts: TlsServerTexts;
  /** Who may come to this door; undefined lets everybody in. */
  readonly addresses: AddressList | undefined;
  readonly requests: KaspiRequests;
  readonly counts: TlsCounts;
  readonly report: (problem: unknown) => void;
}

/**
 * The door of one scheme (kaspi-qr.md §1, §13.7): TLS 1.2 or later, in schemes 2 and 3 with a client certificate of the
 * bank's own CA. Without such a certificate the handshake is cut, so a client never sees -10000. Scheme 3 has a list of
 * source addresses besides. ASSUMPTION: a stranger's connection is closed right after the handshake.
 */
export class KaspiDoor {
  readonly server: Server;
  private readonly sockets = new Set<TLSSocket>();
  private revoked: ReadonlySet<string> = new Set();

  constructor(private readonly parts: DoorParts) {
    const { scheme, requests, counts, report } = parts;
    const certified = SCHEMES[scheme].credential !== 'api_key';
    this.server = createServer(
      {
        ...this.context([]),
        requestCert: certified,
        rejectUnauthorized: certified,
        keepAliveTimeout: KEEP_ALIVE_MS,
        headersTimeout: HEADERS_MS,
      },
      (request, response) => {
        requests.handle(scheme, request, response).catch((problem: unknown) => {
          // A client that goes away in the middle of its request is its own business.
          if (!request.readableAborted) report(problem);
          response.destroy();
        });
      },
    );
    this.server.maxConnections = MAX_CONNECTIONS;
    this.server.on('connection', (socket: Socket) => this.meet(socket, 'before_tls'));
    this.server.on('secureConnection', (socket) => {
      if (this.meet(socket, 'after_tls') && this.honours(socket)) this.remember(socket);
    });
    this.server.on('tlsClientError', (_problem, socket) => {
      counts.refused_handshakes += 1;
      socket.destroy();
    });
  }

  /** From now on certificates on the lists are refused in the handshake; connections that use one end. */
  revoke(lists: readonly string[], serials: ReadonlySet<string>): void {
    this.revoked = serials;
    this.server.setSecureContext(this.context(lists));
    for (const socket of this.sockets) {
      if (serials.has(serialOf(socket))) socket.destroy();
    }
  }

  /** Ends the connections of addresses that are not on the list any more. */
  applyAddresses(): void {
    for (const socket of this.sockets) {
      if (this.parts.addresses?.allows(socket.remoteAddress) === false) socket.destroy();
    }
  }

  private meet(socket: Socket, moment: 'before_tls' | 'after_tls'): boolean {
    const { addresses, counts } = this.parts;
    if (addresses === undefined || addresses.cut !== moment || addresses.allows(socket.remoteAddress)) return true;
    counts.refused_addresses += 1;
    socket.destroy();
    return false;
  }

  /** A resumed session shows no certificate to the handshake, so a revoked one is looked for here once more. */
  private honours(socket: TLSSocket): boolean {
    if (this.revoked.size === 0 || !this.revoked.has(serialOf(socket))) return true;
    this.parts.counts.refused_handshakes += 1;
    socket.destroy();
    return false;
  }

  private remember(socket: TLSSocket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  private context(lists: readonly string[]): SecureContextOptions {
    const { caPem, certificatePem, privateKeyPem } = this.parts.texts;
    const crl = lists.length === 0 ? {} : { crl: [...lists] };
    return { ca: caPem, cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.2', ...crl };
  }
}

export function serialOf(socket: TLSSocket): string {
  return normalSerial(socket.getPeerCertificate().serialNumber ?? '');
}

/** Hexadecimal as the books keep it: lower case, whole bytes, without colons and leading zeros. */
export function normalSerial(text: string): string {
  const digits = text.toLowerCase().replaceAll(':', '').replace(/^0+/, '');
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}
