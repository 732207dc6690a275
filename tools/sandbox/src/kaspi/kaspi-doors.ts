import type { Server } from 'node:https';
import { listen } from '../listen.ts';
import type { CertificateDesk } from '../tls/certificate-desk.ts';
import type { AddressList } from './address-list.ts';
import { KaspiDoor } from './kaspi-door.ts';
import type { DoorParts, TlsCounts } from './kaspi-door.ts';
import { SCHEMES, SCHEME_NAMES } from './schemes.ts';
import type { SchemeName } from './schemes.ts';

export interface DoorsParts extends Omit<DoorParts, 'scheme' | 'addresses' | 'counts'> {
  /** The list of scheme 3. */
  readonly addresses: AddressList;
  readonly certificates: CertificateDesk;
  readonly revoked: ReadonlySet<string>;
}

/** A port for each scheme: 0 is any free one, undefined the bank's own or any free one where that is taken. */
export type DoorPorts = Readonly<Record<SchemeName, number | undefined>>;

/** The doors of the three schemes together. */
export class KaspiDoors {
  readonly counts: TlsCounts = { refused_addresses: 0, refused_handshakes: 0 };
  private readonly doors: Readonly<Record<SchemeName, KaspiDoor>>;

  constructor(private readonly parts: DoorsParts) {
    const door = (scheme: SchemeName): KaspiDoor => {
      const addresses = SCHEMES[scheme].credential === 'partner_certificate' ? parts.addresses : undefined;
      return new KaspiDoor({ ...parts, scheme, addresses, counts: this.counts });
    };
    this.doors = { r1: door('r1'), r2: door('r2'), r3: door('r3') };
  }

  get servers(): readonly Server[] {
    return SCHEME_NAMES.map((scheme) => this.doors[scheme].server);
  }

  async listen(ports: DoorPorts, host: string): Promise<Record<SchemeName, number>> {
    const at = async (scheme: SchemeName): Promise<number> => {
      const { server } = this.doors[scheme];
      const port = ports[scheme];
      if (port !== undefined) return listen(server, port, host, `--${scheme}-port`);
      return listen(server, SCHEMES[scheme].port, host, '').catch(() => listen(server, 0, host, `--${scheme}-port`));
    };
    return { r3: await at('r3'), r1: await at('r1'), r2: await at('r2') };
  }

  applyAddresses(): void {
    for (const scheme of SCHEME_NAMES) this.doors[scheme].applyAddresses();
  }

  async applyRevocations(): Promise<void> {
    const { certificates, revoked } = this.parts;
    const serials = new Set(revoked);
    const lists = serials.size === 0 ? [] : await certificates.revocationLists(serials);
    for (const scheme of SCHEME_NAMES) this.doors[scheme].revoke(lists, serials);
  }
}
