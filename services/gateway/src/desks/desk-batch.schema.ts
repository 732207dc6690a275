import { z } from 'zod';
import { createDeskSchema } from './desk.schema.ts';

export const MAX_BATCH = 1_000;

export const deskBatchSchema = z.strictObject({
  desks: z
    .array(
      z.strictObject({
        ...createDeskSchema.shape,
        trade_point: createDeskSchema.shape.trade_point.describe(
          '`tp_…`, or the provider’s own id of the trade point.',
        ),
      }),
    )
    .min(1)
    .max(MAX_BATCH),
});
export type DeskBatch = z.output<typeof deskBatchSchema>;

const count = z.int();

export const deskBatchView = z.object({
  object: z.literal('desk_batch'),
  counts: z.object({ created: count, updated: count, unchanged: count, refused: count }),
  results: z
    .array(
      z.object({
        desk: z.string(),
        outcome: z.enum(['created', 'updated', 'unchanged', 'refused']),
        id: z.string().nullable(),
        errors: z.array(z.object({ code: z.string(), detail: z.string(), pointer: z.string().nullable() })),
      }),
    )
    .describe('In the order of the request.'),
});
export type DeskBatchResult = z.output<typeof deskBatchView>;
