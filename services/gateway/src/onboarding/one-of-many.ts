import { brokenConstraint, type OutboxRow } from '@tolem/persistence';
import { ApiProblem } from '../http/api-problem.ts';
import type { Query } from '../transactions.ts';
import type { BulkError } from './bulk.schema.ts';

/** What became of one item of many. */
export type ItemResult<T> =
  | { readonly ok: true; readonly value: T; readonly published: readonly OutboxRow[] }
  | { readonly ok: false; readonly errors: readonly BulkError[] };

/**
 * Carries out one item of a transaction that holds many: what is refused leaves no trace and does not stop the others.
 * Anything but a refusal is thrown on and takes the whole transaction back.
 */
export async function oneOfMany<T>(
  query: Query,
  work: () => Promise<{ readonly value: T; readonly published: readonly OutboxRow[] }>,
): Promise<ItemResult<T>> {
  await query('SAVEPOINT item');
  try {
    const done = await work();
    await query('RELEASE SAVEPOINT item');
    return { ok: true, ...done };
  } catch (error) {
    const errors = refusalOf(error);
    if (errors === undefined) throw error;
    await query('ROLLBACK TO SAVEPOINT item');
    return { ok: false, errors };
  }
}

function refusalOf(error: unknown): readonly BulkError[] | undefined {
  if (error instanceof ApiProblem && error.status < 500) {
    return (
      error.options.errors?.map(({ pointer, code, detail }) => ({ pointer, code, detail })) ?? [
        { pointer: null, code: error.code, detail: error.detail },
      ]
    );
  }
  const broken = brokenConstraint(error);
  return broken === undefined ? undefined : BROKEN[broken];
}

/** Somebody else made the same at this very moment. */
const BROKEN: Readonly<Record<string, readonly BulkError[]>> = {
  organization_tax_id: [
    { pointer: '/tax_id', code: 'organization_exists', detail: 'It is being made by another request. Send it again.' },
  ],
  connection_enabled: [
    { pointer: '/scheme', code: 'connection_exists', detail: 'It is being made by another request. Send it again.' },
  ],
  desk_external_id: [
    { pointer: '/desk', code: 'desk_exists', detail: 'It is being made by another request. Send it again.' },
  ],
};
