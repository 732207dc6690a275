import type { Mode, ProviderDescriptor, SchemeDescriptor } from '@tolem/contracts';
import { uuidFromId } from '@tolem/domain';
import type { ProviderUrls } from '../config.ts';
import { ApiProblem, unprocessable } from '../http/api-problem.ts';
import type { OrganizationRow } from '../organizations/organization.ts';
import type { Query } from '../transactions.ts';

/**
 * Where a connection leads. A tenant cannot name any address: our certificate would introduce itself to whoever it points
 * at, so it must be the one that this installation is configured for.
 */
export function baseUrlOf(
  urls: ProviderUrls,
  to: { provider: ProviderDescriptor; scheme: SchemeDescriptor; mode: Mode; wanted: string | undefined },
): string {
  const { provider, scheme, mode, wanted } = to;
  const configured = urls[provider.name]?.[mode]?.[scheme.name];
  if (configured === undefined) {
    const detail = `This installation has no address of ${provider.title} (${scheme.name}) for ${mode} mode. Ask the operator.`;
    throw unprocessable('provider_not_configured', '/provider', detail);
  }
  const base = withoutSlash(configured);
  if (wanted !== undefined && withoutSlash(wanted) !== base) {
    throw unprocessable('base_url_not_allowed', '/base_url', `The only address allowed here is ${base}.`);
  }
  return base;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

/** The UUID of a certificate that this organization may use, or a refusal that does not tell whether it exists at all. */
export async function grantedCertificate(
  query: Query,
  organization: OrganizationRow,
  wanted: { text: string | undefined; provider: string; scheme: string },
  now: number,
): Promise<string> {
  if (wanted.text === undefined) {
    throw unprocessable(
      'certificate_required',
      '/certificate',
      'This scheme works under a shared certificate: name it.',
    );
  }
  const [row] = await query<{ id: string; provider: string; scheme: string; not_after: Date }>(
    `SELECT c.id, c.provider, c.scheme, c.not_after FROM credential_grant g JOIN certificate c ON c.id = g.credential_id
      WHERE g.credential_id = $1 AND g.tenant_id = $2 AND g.tax_id = $3`,
    [uuidFromId('crt', wanted.text) ?? null, organization.tenant_id, organization.tax_id],
  );
  if (row === undefined) {
    const detail = `Under this certificate you may not act for ${organization.tax_id}. Ask the operator to grant it.`;
    throw new ApiProblem(403, 'tax_id_not_granted', detail, {
      errors: [{ pointer: '/certificate', code: 'tax_id_not_granted', detail }],
    });
  }
  if (row.provider !== wanted.provider || row.scheme !== wanted.scheme) {
    throw unprocessable('certificate_mismatch', '/certificate', 'This certificate is for another provider or scheme.');
  }
  if (row.not_after.getTime() <= now) {
    throw unprocessable(
      'certificate_expired',
      '/certificate',
      `This certificate ended on ${row.not_after.toISOString()}.`,
    );
  }
  return row.id;
}
