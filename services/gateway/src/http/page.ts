import { z } from 'zod';
import { ApiProblem } from './api-problem.ts';

/** Query parameters that every list takes. Spread them into the query schema of a list. */
export const pageShape = {
  limit: z.coerce.number().int().min(1).max(100).default(25).describe('How many entries, 1 to 100.'),
  after: z.string().min(1).max(200).optional().describe('`next` of the page before; opaque.'),
};

export interface PageRequest {
  readonly limit: number;
  readonly after?: string | undefined;
}

/** A list as every list looks. */
export interface Page<View> {
  readonly object: 'list';
  readonly data: readonly View[];
  readonly has_more: boolean;
  readonly next: string | null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The UUID after which a page begins, or null for the first page. Ids rise with time, so newest first means falling ids. */
export function afterOf(request: PageRequest): string | null {
  if (request.after === undefined) return null;
  const uuid = Buffer.from(request.after, 'base64url').toString('latin1');
  if (!UUID.test(uuid)) {
    const detail = '`after` must be the `next` of an earlier page of the same list.';
    throw new ApiProblem(400, 'invalid_cursor', detail, {
      errors: [{ pointer: '?after', code: 'invalid_cursor', detail }],
    });
  }
  return uuid;
}

/** A page of rows that were read with `LIMIT limit + 1`: the one too many only tells that there are more. */
export function pageOf<Row extends { readonly id: string }, View>(
  rows: readonly Row[],
  request: PageRequest,
  view: (row: Row) => View,
): Page<View> {
  const shown = rows.slice(0, request.limit);
  const last = shown.at(-1);
  const hasMore = rows.length > request.limit;
  return {
    object: 'list',
    data: shown.map(view),
    has_more: hasMore,
    next: hasMore && last !== undefined ? Buffer.from(last.id, 'latin1').toString('base64url') : null,
  };
}

/** Shape of a list for the OpenAPI document. */
export function pageSchema<S extends z.ZodType>(view: S) {
  return z.object({
    object: z.literal('list'),
    data: z.array(view),
    has_more: z.boolean(),
    next: z.string().nullable().describe('Pass it as `after` to read on; null at the end.'),
  });
}
