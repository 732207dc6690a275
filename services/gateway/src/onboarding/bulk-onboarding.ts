import { Inject, Injectable } from '@nestjs/common';
import { providerNamed, PROVIDERS } from '@tolem/contracts';
import { type Country, type IdFactory, idFromUuid } from '@tolem/domain';
import type { OutboxRow } from '@tolem/persistence';
import type { ConnectionRow } from '../connections/connection.ts';
import { ApiProblem, unprocessable } from '../http/api-problem.ts';
import type { KeyAuth } from '../http/auth.ts';
import type { Origin } from '../http/origin.ts';
import { createOrganizationSchema } from '../organizations/organization.schema.ts';
import { ORGANIZATION_COLUMNS, type OrganizationRow, validTaxId } from '../organizations/organization.ts';
import { Organizations, refuseLimited } from '../organizations/organizations.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { CLOSING, IDS } from '../tokens.ts';
import { type Query, Transactions } from '../transactions.ts';
import type { BulkFields, BulkRow } from './bulk-row.ts';
import type { BulkResult, BulkRowResult } from './bulk.schema.ts';
import { oneOfMany } from './one-of-many.ts';
import { defaultDeskName, OnboardOrganizations } from './onboard-organization.ts';
import { DeskPlaces } from '../desks/desk-places.ts';

const ROWS_PER_TRANSACTION = 100;
const DEFAULT_MAX_AMOUNT = createOrganizationSchema.shape.max_amount.parse(undefined);

interface Caller {
  readonly auth: KeyAuth;
  readonly origin: Origin;
}

interface Onboarded {
  readonly outcome: 'created' | 'updated' | 'unchanged';
  readonly organization: string;
  readonly connection: string | null;
  readonly desk: string | null;
}

/** Takes a transaction back that was only tried. */
class DryRun extends Error {}

/**
 * Brings organizations, their connections and desks to what the rows say. A row that is true already changes nothing, so
 * the same file may be sent again, also after it was broken off half-way.
 */
@Injectable()
export class BulkOnboarding {
  constructor(
    private readonly transactions: Transactions,
    private readonly organizations: Organizations,
    private readonly onboarding: OnboardOrganizations,
    private readonly places: DeskPlaces,
    private readonly outbox: OutboxRows,
    @Inject(IDS) private readonly ids: IdFactory,
    @Inject(CLOSING) private readonly closing: AbortSignal,
  ) {}

  async run(caller: Caller, rows: readonly BulkRow[], dryRun: boolean): Promise<BulkResult> {
    refuseLimited(caller.auth);
    const results: BulkRowResult[] = [];
    // A dry run is one transaction, so that each row sees what the rows before it would have done.
    const size = dryRun ? Math.max(1, rows.length) : ROWS_PER_TRANSACTION;
    for (let at = 0; at < rows.length; at += size) {
      if (this.closing.aborted) throw broken(at);
      results.push(...(await this.#batch(caller, rows.slice(at, at + size), dryRun)));
    }
    const count = (outcome: BulkRowResult['outcome']): number =>
      results.filter((row) => row.outcome === outcome).length;
    const counts = {
      created: count('created'),
      updated: count('updated'),
      unchanged: count('unchanged'),
      refused: count('refused'),
    };
    return { object: 'bulk_result', dry_run: dryRun, counts, rows: results };
  }

  async #batch(caller: Caller, rows: readonly BulkRow[], dryRun: boolean): Promise<BulkRowResult[]> {
    const results: BulkRowResult[] = [];
    const published: OutboxRow[] = [];
    try {
      await this.transactions.as(caller.auth, async (query) => {
        for (const row of rows) {
          const { fields } = row;
          if (fields === undefined) {
            results.push(resultOf(row, undefined, dryRun));
            continue;
          }
          const item = await oneOfMany(query, () => this.#onboard(query, caller, fields));
          if (item.ok) published.push(...item.published);
          results.push(
            resultOf(item.ok ? row : { ...row, errors: item.errors }, item.ok ? item.value : undefined, dryRun),
          );
        }
        if (dryRun) throw new DryRun();
      });
      this.outbox.publish(published);
    } catch (error) {
      if (!(error instanceof DryRun)) throw error;
    }
    return results;
  }

  async #onboard(
    query: Query,
    caller: Caller,
    row: BulkFields,
  ): Promise<{ value: Onboarded; published: readonly OutboxRow[] }> {
    const { organization, change } = await this.#organization(query, caller, row);
    const provider = providerOf(row);
    const connected = provider === undefined ? undefined : await connectionWith(query, organization, provider, row);
    const published: OutboxRow[] = [];

    const name = row.desk ?? (connected === 'none' ? defaultDeskName(organization.tax_id, provider ?? '') : undefined);
    const desk =
      name === undefined
        ? undefined
        : await this.places.put(query, caller.auth, caller.origin, organization, { name, tradePoint: row.trade_point });
    if (desk !== undefined) published.push(...desk.published);

    let connection = connected === 'none' ? undefined : connected;
    if (connected === 'none' && provider !== undefined && row.scheme !== undefined) {
      const body = { provider, scheme: row.scheme, certificate: row.certificate, options: {} };
      const { auth, origin } = caller;
      const made = await this.onboarding.connect(query, auth, origin, organization, body, desk?.id);
      connection = made.connection;
      published.push(...made.published);
    }
    const isChanged = change === 'updated' || connected === 'none' || (desk !== undefined && desk.change !== 'none');
    const value: Onboarded = {
      outcome: change === 'created' ? 'created' : isChanged ? 'updated' : 'unchanged',
      organization: idFromUuid('org', organization.id),
      connection: connection === undefined ? null : idFromUuid('con', connection.id),
      desk: desk === undefined ? null : idFromUuid('dsk', desk.id),
    };
    return { value, published };
  }

  async #organization(
    query: Query,
    { auth, origin }: Caller,
    row: BulkFields,
  ): Promise<{ organization: OrganizationRow; change: 'created' | 'updated' | 'none' }> {
    const { value: taxId } = validTaxId(row);
    const [old] = await query<OrganizationRow>(
      `SELECT ${ORGANIZATION_COLUMNS} FROM organization WHERE mode = $1 AND tax_id = $2 FOR UPDATE`,
      [auth.mode, taxId],
    );
    if (old === undefined) {
      const { country, name, max_amount: maxAmount = DEFAULT_MAX_AMOUNT } = row;
      const body = { country, tax_id: taxId, name, max_amount: maxAmount };
      return {
        organization: await this.organizations.makeWithin(query, auth, origin, this.ids.uuid(), body),
        change: 'created',
      };
    }
    if (old.country !== row.country) {
      throw unprocessable('country_mismatch', '/country', `This organization is of ${old.country}.`);
    }
    if (old.archived_at !== null) {
      throw unprocessable('organization_archived', '/tax_id', 'This organization is archived. Restore it first.');
    }
    const isSame = old.name === row.name && (row.max_amount === undefined || row.max_amount === old.max_amount);
    if (isSame) return { organization: old, change: 'none' };
    const body = { name: row.name, max_amount: row.max_amount };
    return {
      organization: await this.organizations.updateWithin(query, auth, origin, old.id, body),
      change: 'updated',
    };
  }
}

/** The provider that a row means: the one named, else the only one of the country that has the scheme. */
function providerOf(row: BulkFields): string | undefined {
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

/** The organization's connection with a provider, where it is as the row says; `none` where it has none. */
async function connectionWith(
  query: Query,
  organization: OrganizationRow,
  provider: string,
  row: BulkFields,
): Promise<ConnectionRow | 'none'> {
  const [connection] = await query<ConnectionRow>(
    'SELECT * FROM connection WHERE organization_id = $1 AND provider = $2 AND enabled',
    [organization.id, provider],
  );
  if (connection === undefined) return 'none';
  const certificate = connection.credential_id === null ? undefined : idFromUuid('crt', connection.credential_id);
  const differs =
    connection.scheme !== row.scheme ? 'scheme' : certificate !== row.certificate ? 'certificate' : undefined;
  if (differs === undefined || (differs === 'certificate' && row.certificate === undefined)) return connection;
  const id = idFromUuid('con', connection.id);
  const detail = `The connection ${id} has another ${differs}. Change or disable that one: a file does not replace what works.`;
  throw unprocessable('connection_exists', `/${differs}`, detail);
}

function resultOf(row: BulkRow, done: Onboarded | undefined, dryRun: boolean): BulkRowResult {
  const { line, taxId, errors } = row;
  if (done === undefined) {
    return {
      line,
      tax_id: taxId,
      outcome: 'refused',
      organization: null,
      connection: null,
      desk: null,
      errors: [...errors],
    };
  }
  // What a dry run would make has no id that anybody could ask for.
  const { organization, connection, desk } = dryRun ? { organization: null, connection: null, desk: null } : done;
  return { line, tax_id: taxId, outcome: done.outcome, organization, connection, desk, errors: [] };
}

function broken(done: number): ApiProblem {
  const detail = `The service stops; the first ${done} rows are done. Send the same file again.`;
  return new ApiProblem(503, 'temporarily_unavailable', detail, { retryable: true, retryAfterS: 1 });
}
