import { lookup } from 'node:dns/promises';

export interface HostAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name, in the order in which they should be tried. Rejects where there is none. */
export type ResolveHost = (host: string) => Promise<readonly HostAddress[]>;

/** As every program of this machine resolves names, /etc/hosts included. */
export const resolveHost: ResolveHost = (host) => lookup(host, { all: true, order: 'verbatim' });
