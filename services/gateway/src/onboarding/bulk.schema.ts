import { z } from 'zod';

export const bulkQuerySchema = z.strictObject({
  dry_run: z
    .stringbool({ truthy: ['true'], falsy: ['false'] })
    .default(false)
    .describe('Says what would become of each row and changes nothing.'),
});
export type BulkQuery = z.output<typeof bulkQuerySchema>;

export const bulkErrorView = z.object({
  code: z.string(),
  detail: z.string(),
  pointer: z.string().nullable().describe('`/column` that it is about.'),
});
export type BulkError = z.output<typeof bulkErrorView>;

/** What of a row was not so before; the columns' own names where one was changed. */
const BULK_CHANGES = [
  'organization',
  'name',
  'max_amount',
  'connection',
  'certificate',
  'desk',
  'trade_point',
] as const;
export type BulkChange = (typeof BULK_CHANGES)[number];

const count = z.int();

export const bulkView = z.object({
  object: z.literal('bulk_result'),
  dry_run: z.boolean(),
  counts: z.object({ created: count, updated: count, unchanged: count, refused: count }),
  rows: z.array(
    z.object({
      line: z.int().describe('Where the row begins in the file; the header is line 1.'),
      tax_id: z.string(),
      outcome: z
        .enum(['created', 'updated', 'unchanged', 'refused'])
        .describe('Of the organization and all that the row says of it. A refused row changed nothing.'),
      changes: z
        .array(z.enum(BULK_CHANGES))
        .describe(
          'What was made (`organization`, `connection`, `desk`) or changed; with `dry_run`, what would be. A changed certificate has the provider asked again.',
        ),
      organization: z.string().nullable(),
      connection: z.string().nullable(),
      desk: z.string().nullable(),
      errors: z.array(bulkErrorView),
    }),
  ),
});
export type BulkResult = z.output<typeof bulkView>;
export type BulkRowResult = BulkResult['rows'][number];
