import { Inject, Injectable } from '@nestjs/common';
import { type CertificateState, certificateState, type Envelope } from '@tolem/contracts';
import type { WakeUps } from '@tolem/coordination';
import { type Clock } from '@tolem/domain';
import { certificateSummary } from '@tolem/egress';
import type { Logger } from '@tolem/observability';
import { X509Certificate } from 'node:crypto';
import { bodyOf, uuidIn } from '../message-body.ts';
import { CLOCK, LOGGER, WAKE_UPS } from '../tokens.ts';
import { type Query, Transactions } from '../transactions.ts';
import { columnsOf, CertificateStore } from './certificate-store.ts';
import type { CertificateFacts } from './read-pair.ts';

const NEWEST_WINS = `
INSERT INTO certificate_version AS v (certificate_id, version, tenant_id, state, csr, reason, provider_seq, created_at, updated_at,
                                      subject, issuer, serial, fingerprint, not_before, not_after)
SELECT c.id, $2, c.tenant_id, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, $12, $13 FROM certificate c WHERE c.id = $1
ON CONFLICT (certificate_id, version) DO UPDATE
   SET state = EXCLUDED.state, csr = coalesce(EXCLUDED.csr, v.csr), reason = EXCLUDED.reason,
       provider_seq = EXCLUDED.provider_seq, updated_at = EXCLUDED.updated_at,
       subject = coalesce(EXCLUDED.subject, v.subject), issuer = coalesce(EXCLUDED.issuer, v.issuer),
       serial = coalesce(EXCLUDED.serial, v.serial), fingerprint = coalesce(EXCLUDED.fingerprint, v.fingerprint),
       not_before = coalesce(EXCLUDED.not_before, v.not_before), not_after = coalesce(EXCLUDED.not_after, v.not_after)
 WHERE v.provider_seq < EXCLUDED.provider_seq
RETURNING v.version, v.from_certificate`;

/** Takes in what provider services tell of certificates: whoever holds the key knows what became of it. */
@Injectable()
export class ApplyCertificateStates {
  constructor(
    private readonly transactions: Transactions,
    private readonly store: CertificateStore,
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async run(batch: readonly Envelope[]): Promise<void> {
    for (const envelope of batch) {
      const body = bodyOf(certificateState, envelope);
      const id = uuidIn('crt', body.subject_id);
      const { state } = body;
      // A word of a later release: what is known stays.
      if (state === null) continue;
      // Many tenants' and nobody's: it is applied as the operator's work is.
      const isKnown = await this.transactions.as({ kind: 'operator' }, (query) => this.#apply(query, id, body, state));
      if (!isKnown) this.#tellOfUnknown(body.subject_id, envelope.source);
      this.wakeUps.wake([body.subject_id]);
    }
  }

  /** Ids are made here, so one that is unknown was typed: in the configuration of the service that reads files. */
  #tellOfUnknown(certificate: string, source: string): void {
    const variable = `TOLEM_${source.toUpperCase()}_CERTIFICATE_FILES`;
    this.logger.error(
      { certificate, source, variable },
      `${variable} names ${certificate}, which is no certificate here: its files are used by nobody; correct the id`,
    );
  }

  /** False where there is no such certificate. */
  async #apply(
    query: Query,
    id: string,
    body: CertificateState,
    state: NonNullable<CertificateState['state']>,
  ): Promise<boolean> {
    const [known] = await query('SELECT 1 FROM certificate WHERE id = $1 FOR UPDATE', [id]);
    if (known === undefined) return false;
    const facts = body.certificate === null ? null : readFacts(body.certificate);
    const reason = body.failure === null ? null : JSON.stringify(body.failure);
    const at = new Date(this.clock.now());
    const [moved] = await query<{ version: number; from_certificate: string | null }>(NEWEST_WINS, [
      id,
      body.version,
      state,
      body.csr,
      reason,
      body.seq,
      at,
      ...columnsOf(facts),
    ]);
    if (moved === undefined || state !== 'active') return true;
    await query(
      `UPDATE certificate_version SET state = 'retired', updated_at = $3
        WHERE certificate_id = $1 AND version < $2 AND state IN ('active', 'ready')`,
      [id, body.version, at],
    );
    await this.store.use(query, id, body.version, facts);
    if (moved.from_certificate !== null) {
      await query('UPDATE certificate SET merged_into = $2 WHERE id = $1', [moved.from_certificate, id]);
    }
    for (const replaced of [id, moved.from_certificate]) {
      if (replaced !== null) await query('SELECT close_certificate_attention($1, $2)', [replaced, at]);
    }
    return true;
  }
}

/** Null where this release cannot read it: what is known of the version stays. */
function readFacts(pem: string): CertificateFacts | null {
  const summary = certificateSummary(pem);
  if (summary === undefined) return null;
  const { fingerprint256: fingerprint, ...rest } = summary;
  return { ...rest, fingerprint, serial: new X509Certificate(pem).serialNumber };
}
