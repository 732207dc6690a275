import { Inject, Injectable } from '@nestjs/common';
import { type Clock, idFromUuid } from '@tolem/domain';
import type { CertificateSecret, Vault } from '@tolem/persistence';
import type { z } from 'zod';
import { Audit } from '../audit-log/audit.ts';
import { notFound } from '../http/api-problem.ts';
import type { Attempt } from '../http/attempt.ts';
import type { OperatorAuth } from '../http/auth.ts';
import { type Creation, Idempotency } from '../http/idempotency.ts';
import type { Origin } from '../http/origin.ts';
import { CLOCK, VAULT } from '../tokens.ts';
import { type Query, Transactions } from '../transactions.ts';
import type { certificateView, CreateCertificate } from './certificate.schema.ts';
import { providerScheme } from './provider-scheme.ts';
import { readCertificate } from './read-certificate.ts';

export interface CertificateRow {
  readonly id: string;
  readonly provider: string;
  readonly scheme: string;
  readonly name: string;
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly fingerprint: string;
  readonly not_before: Date;
  readonly not_after: Date;
  readonly created_at: Date;
}

/** The operator's shared client certificates: what can be shown stands here, the secret goes into the vault. */
@Injectable()
export class Certificates {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly transactions: Transactions,
    private readonly audit: Audit,
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  create(
    auth: OperatorAuth,
    origin: Origin,
    attempt: Attempt,
    body: CreateCertificate,
  ): Promise<Creation<CertificateRow>> {
    const { provider, scheme } = providerScheme(body);
    const facts = readCertificate(body, this.clock.now());
    return this.idempotency.create(auth, attempt, {
      // First the secret: what goes wrong afterwards leaves one that nothing points at, never a certificate without its key.
      prepare: (id) =>
        this.vault.put(idFromUuid('crt', id), 'operator', provider.name, secretOf(body), facts.notAfter.getTime()),
      make: async (query, id) => {
        const [row] = await query<CertificateRow>(
          `INSERT INTO certificate (id, provider, scheme, name, subject, issuer, serial, fingerprint, not_before, not_after, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING *`,
          [
            id,
            provider.name,
            scheme.name,
            body.name,
            facts.subject,
            facts.issuer,
            facts.serial,
            facts.fingerprint,
            facts.notBefore,
            facts.notAfter,
            new Date(this.clock.now()),
          ],
        );
        if (row === undefined) throw new Error('a certificate was not written');
        const detail = { fingerprint: facts.fingerprint };
        await this.audit.write(query, {
          auth,
          origin,
          action: 'certificate.create',
          subject: idFromUuid('crt', id),
          tenantId: null,
          detail,
        });
        return row;
      },
      load: requireCertificate,
    });
  }

  get(auth: OperatorAuth, id: string): Promise<CertificateRow> {
    return this.transactions.as(auth, (query) => requireCertificate(query, id));
  }

  list(auth: OperatorAuth, after: string | null, limit: number): Promise<CertificateRow[]> {
    return this.transactions.as(auth, (query) =>
      query<CertificateRow>('SELECT * FROM certificate WHERE ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2', [
        after,
        limit,
      ]),
    );
  }
}

function secretOf(body: CreateCertificate): CertificateSecret {
  return {
    certificate: body.certificate,
    private_key: body.private_key,
    ...(body.pass_phrase === undefined ? {} : { pass_phrase: body.pass_phrase }),
    ...(body.ca === undefined ? {} : { ca: body.ca }),
  };
}

export async function requireCertificate(query: Query, id: string): Promise<CertificateRow> {
  const [row] = await query<CertificateRow>('SELECT * FROM certificate WHERE id = $1', [id]);
  if (row === undefined) throw notFound('certificate');
  return row;
}

/** A certificate as it is shown. */
export function certificateOf(row: CertificateRow): z.output<typeof certificateView> {
  return {
    id: idFromUuid('crt', row.id),
    object: 'certificate',
    provider: row.provider,
    scheme: row.scheme,
    name: row.name,
    subject: row.subject,
    issuer: row.issuer,
    serial: row.serial,
    fingerprint: row.fingerprint,
    not_before: row.not_before.toISOString(),
    not_after: row.not_after.toISOString(),
    created_at: row.created_at.toISOString(),
  };
}
