import { Inject, Injectable } from '@nestjs/common';
import {
  type Addressed,
  certificateActivate,
  certificateCreateCsr,
  certificateInstall,
  type CertificateSubject,
  commandsTopic,
  type Envelope,
  produce,
} from '@tolem/contracts';
import { type Clock, type IdFactory, idFromUuid } from '@tolem/domain';
import type { Origin } from '../http/origin.ts';
import { CLOCK, IDS } from '../tokens.ts';
import type { CertificateRow } from './certificate.ts';

type Owned = Pick<CertificateRow, 'id' | 'tenant_id' | 'mode' | 'provider'>;

/** What a provider's service is told about certificates. Each certificate is a lane of its own. */
@Injectable()
export class CertificateCommands {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  createCsr(row: Owned, version: number, subject: CertificateSubject, origin: Origin): Envelope {
    return produce(certificateCreateCsr, this.#address(row, origin), { ...head(row, version, 'csr'), subject });
  }

  install(row: Owned, version: number, chain: { certificate: string; ca: string | null }, origin: Origin): Envelope {
    return produce(certificateInstall, this.#address(row, origin), {
      // What was refused once is brought again in another form: each is a command of its own.
      ...head(row, version, `install.${this.ids.next('op')}`),
      ...chain,
    });
  }

  /** @param from UUID and version of the certificate whose pair it is; null where the pair is in the vault already */
  activate(
    row: Owned,
    version: number,
    from: { readonly id: string; readonly version: number } | null,
    origin: Origin,
  ): Envelope {
    return produce(certificateActivate, this.#address(row, origin), {
      ...head(row, version, 'activate'),
      from: from === null ? null : { certificate_id: idFromUuid('crt', from.id), version: from.version },
    });
  }

  #address(row: Owned, origin: Origin): Addressed {
    const id = idFromUuid('crt', row.id);
    return {
      id: this.ids.next('msg'),
      source: 'gateway',
      subject: id,
      time: new Date(this.clock.now()).toISOString(),
      tenant: row.tenant_id === null ? null : idFromUuid('ten', row.tenant_id),
      // The operator's certificates serve both modes, and every message says one.
      mode: row.mode ?? 'live',
      topic: commandsTopic(row.provider),
      key: id,
      ...(origin.traceparent === undefined ? {} : { traceparent: origin.traceparent }),
    };
  }
}

function head(row: Owned, version: number, what: string) {
  const id = idFromUuid('crt', row.id);
  return { op_id: `${id}.${version}.${what}`, subject_id: id, version, lane: id };
}
