import { Inject, Injectable } from '@nestjs/common';
import { type IdFactory, idFromUuid } from '@tolem/domain';
import type { OutboxRow } from '@tolem/persistence';
import { Connections } from '../connections/connections.ts';
import type { ConnectionRow } from '../connections/connection.ts';
import { DeskPlaces } from '../desks/desk-places.ts';
import { ApiProblem, unprocessable } from '../http/api-problem.ts';
import type { KeyAuth } from '../http/auth.ts';
import type { Origin } from '../http/origin.ts';
import { createOrganizationSchema } from '../organizations/organization.schema.ts';
import { ORGANIZATION_COLUMNS, type OrganizationRow, validTaxId } from '../organizations/organization.ts';
import { Organizations, refuseLimited } from '../organizations/organizations.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { CLOSING, IDS } from '../tokens.ts';
import { type Query, Transactions } from '../transactions.ts';
import { heldConnection, providerOf } from './bulk-connection.ts';
import type { BulkFields, BulkRow } from './bulk-row.ts';
import type { BulkChange, BulkResult, BulkRowResult } from './bulk.schema.ts';
import { oneOfMany } from './one-of-many.ts';
import { defaultDeskName, OnboardOrganizations } from './onboard-organization.ts';

const ROWS_PER_TRANSACTION = 100;
const DEFAULT_MAX_AMOUNT = createOrganizationSchema.shape.max_amount.parse(undefined);

interface Caller {
  readonly auth: KeyAuth;
  readonly origin: Origin;
}

interface Onboarded {
  readonly changes: readonly BulkChange[];
  readonly organization: string;
  readonly connection: string | null;
  readonly desk: string | null;
}

/** Takes a transaction back that was only tried. */
class DryRun extends Error {}

/**
 * Brings organizations, their connections and desks to what the rows say; only the scheme of a connection stays. A row that is true already changes nothing, so
 * the same file may be sent again, also after it was broken off half-way.
 */
@Injectable()
export class BulkOnboarding {
  constructor(
    private readonly transactions: Transactions,
    private readonly organizations: Organizations,
    private readonly onboarding: OnboardOrganizations,
    private readonly connections: Connections,
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
    const { auth, origin } = caller;
    const { organization, changes } = await this.#organization(query, caller, row);
    const published: OutboxRow[] = [];
    const provider = providerOf(row);
    const held = provider === undefined ? undefined : await heldConnection(query, organization, provider, row);
    let connection = held?.connection;
    // Before the desk: what its device is asked with is what the connection says by then.
    if (held?.certificate !== undefined) {
      const body = { certificate: held.certificate };
      const changed = await this.connections.updateWithin(query, auth, origin, held.connection.id, body);
      connection = changed.row;
      changes.push('certificate');
      published.push(...changed.published);
    }

    const isMade = provider !== undefined && held === undefined;
    const name = row.desk ?? (isMade ? defaultDeskName(organization.tax_id, provider) : undefined);
    const wanted = name === undefined ? undefined : { name, tradePoint: row.trade_point };
    const desk = wanted === undefined ? undefined : await this.places.put(query, auth, origin, organization, wanted);
    if (desk !== undefined) published.push(...desk.published);
    if (desk !== undefined && desk.change !== 'none') changes.push(desk.change === 'made' ? 'desk' : 'trade_point');

    if (isMade && row.scheme !== undefined) {
      const body = { provider, scheme: row.scheme, certificate: row.certificate, options: {} };
      const made = await this.onboarding.connect(query, auth, origin, organization, body, desk?.id);
      connection = made.connection;
      changes.push('connection');
      published.push(...made.published);
    }
    return { value: onboarded(changes, organization, connection, desk?.id), published };
  }

  async #organization(
    query: Query,
    { auth, origin }: Caller,
    row: BulkFields,
  ): Promise<{ organization: OrganizationRow; changes: BulkChange[] }> {
    const { value: taxId } = validTaxId(row);
    const [old] = await query<OrganizationRow>(
      `SELECT ${ORGANIZATION_COLUMNS} FROM organization WHERE mode = $1 AND tax_id = $2 FOR UPDATE`,
      [auth.mode, taxId],
    );
    if (old === undefined) {
      const { country, name, max_amount: maxAmount = DEFAULT_MAX_AMOUNT } = row;
      const body = { country, tax_id: taxId, name, max_amount: maxAmount };
      const made = await this.organizations.makeWithin(query, auth, origin, this.ids.uuid(), body);
      return { organization: made, changes: ['organization'] };
    }
    if (old.country !== row.country) {
      throw unprocessable('country_mismatch', '/country', `This organization is of ${old.country}.`);
    }
    if (old.archived_at !== null) {
      throw unprocessable('organization_archived', '/tax_id', 'This organization is archived. Restore it first.');
    }
    const changes = (['name', 'max_amount'] as const).filter((it) => row[it] !== undefined && row[it] !== old[it]);
    if (changes.length === 0) return { organization: old, changes };
    const body = { name: row.name, max_amount: row.max_amount };
    return { organization: await this.organizations.updateWithin(query, auth, origin, old.id, body), changes };
  }
}

function onboarded(
  changes: readonly BulkChange[],
  organization: OrganizationRow,
  connection: ConnectionRow | undefined,
  deskId: string | undefined,
): Onboarded {
  return {
    changes,
    organization: idFromUuid('org', organization.id),
    connection: connection === undefined ? null : idFromUuid('con', connection.id),
    desk: deskId === undefined ? null : idFromUuid('dsk', deskId),
  };
}

function outcomeOf(changes: readonly BulkChange[]): BulkRowResult['outcome'] {
  if (changes.includes('organization')) return 'created';
  return changes.length > 0 ? 'updated' : 'unchanged';
}

function resultOf(row: BulkRow, done: Onboarded | undefined, dryRun: boolean): BulkRowResult {
  const { line, taxId, errors } = row;
  if (done === undefined) {
    return {
      line,
      tax_id: taxId,
      outcome: 'refused',
      changes: [],
      organization: null,
      connection: null,
      desk: null,
      errors: [...errors],
    };
  }
  // What a dry run would make has no id that anybody could ask for.
  const { organization, connection, desk } = dryRun ? { organization: null, connection: null, desk: null } : done;
  const changes = [...done.changes];
  return { line, tax_id: taxId, outcome: outcomeOf(changes), changes, organization, connection, desk, errors: [] };
}

function broken(done: number): ApiProblem {
  const detail = `The service stops; the first ${done} rows are done. Send the same file again.`;
  return new ApiProblem(503, 'temporarily_unavailable', detail, { retryable: true, retryAfterS: 1 });
}
