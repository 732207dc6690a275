import { Inject, Injectable } from '@nestjs/common';
import type { SchemeDescriptor } from '@tolem/contracts';
import { type Clock, idFromUuid, type IdFactory, uuidFromId } from '@tolem/domain';
import { certificateSummary } from '@tolem/egress';
import type { Vault } from '@tolem/persistence';
import { ApiProblem, unprocessable } from '../http/api-problem.ts';
import type { OrganizationRow } from '../organizations/organization.ts';
import { CLOCK, IDS, VAULT } from '../tokens.ts';
import type { Query } from '../transactions.ts';
import type { CreateConnection } from './connection.schema.ts';

/** What a connection proves itself with, as its row says it: UUIDs, of which at most one is set. */
export interface ConnectionCredential {
  readonly certificateId: string | null;
  readonly apiKeyId: string | null;
  /** PEM; beside an API key alone. It is no secret, and kept in sight so that it outlives the key. */
  readonly ca: string | null;
}

interface WantedCredential {
  readonly provider: string;
  readonly scheme: SchemeDescriptor;
  readonly body: Pick<CreateConnection, 'certificate' | 'api_key' | 'ca'>;
}

/** Finds, or puts into the vault, what a scheme asks an organization to prove itself with. */
@Injectable()
export class ConnectionCredentials {
  constructor(
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  /** @throws ApiProblem where it is missing, or not this organization's to use */
  async of(query: Query, organization: OrganizationRow, wanted: WantedCredential): Promise<ConnectionCredential> {
    const { scheme, body, provider } = wanted;
    if (scheme.credential === 'api_key') {
      refuseGiven(body.certificate, 'certificate_not_used', '/certificate', 'This scheme works without a certificate.');
      const apiKeyId = await this.#keepKey(organization, provider, body);
      return { certificateId: null, apiKeyId, ca: body.ca ?? null };
    }
    refuseGiven(
      body.api_key,
      'api_key_not_used',
      '/api_key',
      'This scheme works with a certificate, not with an API key.',
    );
    refuseGiven(body.ca, 'api_key_not_used', '/ca', 'Authorities are given with the certificate of this scheme.');
    const certificate = { text: body.certificate, provider, scheme };
    return {
      certificateId: await usableCertificate(query, organization, certificate, this.clock.now()),
      apiKeyId: null,
      ca: null,
    };
  }

  /** Each key lies under an id of its own: what is under way goes on with the one before. */
  async #keepKey(
    organization: OrganizationRow,
    provider: string,
    body: Pick<CreateConnection, 'api_key' | 'ca'>,
  ): Promise<string> {
    const { api_key: key, ca } = body;
    if (key === undefined) {
      throw unprocessable(
        'api_key_required',
        '/api_key',
        'This scheme works with an API key of the organization: give it.',
      );
    }
    if (ca !== undefined && certificateSummary(ca) === undefined) {
      throw unprocessable('certificate_invalid', '/ca', 'These are not X.509 certificates in PEM.');
    }
    const id = this.ids.uuid();
    const secret = { kind: 'api_key' as const, key, ...(ca === undefined ? {} : { ca }) };
    await this.vault.put(idFromUuid('crt', id), { tenant: organization.tenant_id }, provider, secret, null);
    return id;
  }
}

function refuseGiven(value: string | undefined, code: string, pointer: string, detail: string): void {
  if (value !== undefined) throw unprocessable(code, pointer, detail);
}

interface CertificateColumns {
  readonly id: string;
  readonly provider: string;
  readonly scheme: string;
  readonly not_after: Date | null;
  readonly merged_into: string | null;
}

/** The UUID of a certificate that this organization may use, or a refusal that does not tell whether it exists at all. */
async function usableCertificate(
  query: Query,
  organization: OrganizationRow,
  wanted: { readonly text: string | undefined; readonly provider: string; readonly scheme: SchemeDescriptor },
  now: number,
): Promise<string> {
  if (wanted.text === undefined) {
    const detail =
      wanted.scheme.credential === 'shared_certificate'
        ? 'This scheme works under a shared certificate: name it.'
        : 'This scheme works with a certificate of the organization: name it.';
    throw unprocessable('certificate_required', '/certificate', detail);
  }
  const id = uuidFromId('crt', wanted.text) ?? null;
  const row =
    wanted.scheme.credential === 'shared_certificate'
      ? await grantedCertificate(query, organization, id)
      : await ownCertificate(query, organization, id);
  if (row.provider !== wanted.provider || row.scheme !== wanted.scheme.name) {
    throw unprocessable('certificate_mismatch', '/certificate', 'This certificate is for another provider or scheme.');
  }
  if (row.not_after === null || row.merged_into !== null) {
    throw unprocessable('certificate_not_ready', '/certificate', 'No version of this certificate is in use.');
  }
  if (row.not_after.getTime() <= now) {
    const detail = `This certificate ended on ${row.not_after.toISOString()}.`;
    throw unprocessable('certificate_expired', '/certificate', detail);
  }
  return row.id;
}

const COLUMNS = 'c.id, c.provider, c.scheme, c.not_after, c.merged_into';

async function grantedCertificate(
  query: Query,
  organization: OrganizationRow,
  id: string | null,
): Promise<CertificateColumns> {
  const [row] = await query<CertificateColumns>(
    `SELECT ${COLUMNS} FROM credential_grant g JOIN certificate c ON c.id = g.credential_id
      WHERE g.credential_id = $1 AND g.tenant_id = $2 AND g.tax_id = $3`,
    [id, organization.tenant_id, organization.tax_id],
  );
  if (row !== undefined) return row;
  const detail = `Under this certificate you may not act for ${organization.tax_id}. Ask the operator to grant it.`;
  throw new ApiProblem(403, 'tax_id_not_granted', detail, {
    errors: [{ pointer: '/certificate', code: 'tax_id_not_granted', detail }],
  });
}

async function ownCertificate(
  query: Query,
  organization: OrganizationRow,
  id: string | null,
): Promise<CertificateColumns> {
  const [row] = await query<CertificateColumns>(
    `SELECT ${COLUMNS} FROM certificate c WHERE c.id = $1 AND c.tenant_id = $2 AND c.mode = $3`,
    [id, organization.tenant_id, organization.mode],
  );
  if (row !== undefined) return row;
  throw unprocessable('certificate_unknown', '/certificate', 'You have no such certificate in this mode.');
}
