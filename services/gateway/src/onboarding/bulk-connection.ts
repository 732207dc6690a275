import { providerNamed, PROVIDERS } from '@tolem/contracts';
import { type Country, idFromUuid } from '@tolem/domain';
import type { ConnectionRow } from '../connections/connection.ts';
import { unprocessable } from '../http/api-problem.ts';
import type { OrganizationRow } from '../organizations/organization.ts';
import type { Query } from '../transactions.ts';
import type { BulkFields } from './bulk-row.ts';

/** The provider that a row means: the one named, else the only one of the country that has the scheme. */
export function providerOf(row: BulkFields): string | undefined {
  if (row.scheme === undefined) {
    const alone = (['provider', 'certificate'] as const).find((column) => row[column] !== undefined);
    if (alone === undefined) return undefined;
    throw unprocessable('scheme_required', '/scheme', `A row with a ${alone} needs a scheme.`);
  }
  if (row.provider !== undefined) return providerNamed(row.provider)?.name ?? row.provider;
  const candidates = PROVIDERS.filter(hasScheme(row.country, row.scheme)).map(({ name }) => name);
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return only;
  if (only !== undefined) {
    const detail = `Several providers have this scheme: say which one in the column provider (${candidates.join(', ')}).`;
    throw unprocessable('provider_required', '/provider', detail);
  }
  const known = PROVIDERS.filter(({ country }) => country === row.country).flatMap(({ schemes }) =>
    schemes.map(({ name }) => name),
  );
  throw unprocessable(
    'scheme_not_available',
    '/scheme',
    `In ${row.country} there are the schemes ${known.join(', ')}.`,
  );
}

function hasScheme(country: Country, scheme: string): (provider: (typeof PROVIDERS)[number]) => boolean {
  return (provider) => provider.country === country && provider.schemes.some(({ name }) => name === scheme);
}

interface HeldConnection {
  readonly connection: ConnectionRow;
  /** `crt_…` that the row names and that it does not work with yet. */
  readonly certificate: string | undefined;
}

/**
 * The organization's connection with a provider, if it has one. Another scheme is refused: money that was taken under one
 * scheme is asked about and refunded under it, and the devices of all desks are of one scheme, so that is nobody's
 * business to switch by the way.
 */
export async function heldConnection(
  query: Query,
  organization: OrganizationRow,
  provider: string,
  row: BulkFields,
): Promise<HeldConnection | undefined> {
  const [connection] = await query<ConnectionRow>(
    'SELECT * FROM connection WHERE organization_id = $1 AND provider = $2 AND enabled',
    [organization.id, provider],
  );
  if (connection === undefined) return undefined;
  if (connection.scheme !== row.scheme) {
    const id = idFromUuid('con', connection.id);
    const detail = `The connection ${id} works under the scheme ${connection.scheme}, and payments and desks stand on it. A file does not switch schemes: disable that connection first, then send the row again.`;
    throw unprocessable('connection_exists', '/scheme', detail);
  }
  const works = connection.credential_id === null ? undefined : idFromUuid('crt', connection.credential_id);
  return { connection, certificate: row.certificate === works ? undefined : row.certificate };
}
