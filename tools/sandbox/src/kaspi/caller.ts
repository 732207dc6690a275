import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { ownerOfApiKey } from '../bank/api-keys.ts';
import type { Bank } from '../bank/bank.ts';
import { organizationOf } from '../bank/organization.ts';
import { SCHEMES } from './schemes.ts';
import type { SchemeName } from './schemes.ts';

/** Who calls: an organization by its own key or certificate, or a partner who names organizations (null). */
export type Caller = { ok: true; bin: string | null } | { ok: false };

const NAMED_BIN = /(?:BIN|IIN)(\d{12})(?!\d)/i;
const owners = new WeakMap<TLSSocket, string | null>();

/**
 * Scheme 1 by `Api-Key`, scheme 2 by the certificate's owner; scheme 3 needs nothing but the certificate that opened
 * the door. An `Api-Key` on schemes 2 and 3 is ignored (kaspi-qr.md §13.4).
 */
export function callerOf(bank: Bank, scheme: SchemeName, request: IncomingMessage): Caller {
  switch (SCHEMES[scheme].credential) {
    case 'partner_certificate':
      return { ok: true, bin: null };
    case 'api_key': {
      const key = request.headers['api-key'];
      const bin = typeof key === 'string' ? ownerOfApiKey(bank, key) : undefined;
      return bin === undefined ? { ok: false } : { ok: true, bin };
    }
    case 'organization_certificate': {
      const bin = request.socket instanceof TLSSocket ? ownerOfCertificate(request.socket) : null;
      if (bin === null || organizationOf(bin).kind === 'not_registered') return { ok: false };
      return { ok: true, bin };
    }
  }
}

/**
 * ASSUMPTION: the certificate's subject names its organization as `BIN…` or `IIN…` in serialNumber, OU or CN; the
 * document says that a certificate belongs to an organization, not where that stands.
 */
function ownerOfCertificate(socket: TLSSocket): string | null {
  const known = owners.get(socket);
  if (known !== undefined) return known;
  const subject: Record<string, unknown> = { ...socket.getPeerCertificate().subject };
  const bin = binInSubject(['serialNumber', 'OU', 'CN'].map((name) => subject[name])) ?? null;
  owners.set(socket, bin);
  return bin;
}

export function binInSubject(values: readonly unknown[]): string | undefined {
  return values
    .flat()
    .map((value) => NAMED_BIN.exec(String(value ?? ''))?.[1])
    .find((bin) => bin !== undefined);
}
