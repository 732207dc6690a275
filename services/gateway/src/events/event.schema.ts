import { uuidFromId } from '@tolem/domain';
import { z } from 'zod';
import { pageShape } from '../http/page.ts';
import { waitShape } from '../payments/waiting/wait-query.ts';
import { EVENT_TYPES } from './event-types.ts';
import { eventViewSchema } from './event.view.ts';

/** The word instead of a cursor that begins with what happens from now on. */
export const LATEST = 'latest';

const types = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(EVENT_TYPES)).min(1).max(EVENT_TYPES.length));

const subject = z
  .string()
  .max(64)
  .transform((text, context) => {
    const uuid =
      uuidFromId('pay', text) ?? uuidFromId('ref', text) ?? uuidFromId('att', text) ?? uuidFromId('whe', text);
    if (uuid === undefined)
      context.addIssue('must be an id of a payment, of a refund, of attention or of a webhook endpoint');
    return uuid ?? z.NEVER;
  });

export const readEventsSchema = z.strictObject({
  ...waitShape,
  limit: pageShape.limit,
  after: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      '`next` of the answer before; absent: from the oldest event that is kept; `latest`: only what happens from now on.',
    ),
  type: types.optional().describe('One type, or several with commas between them.'),
  subject: subject.optional().describe('Only what is about this: `pay_…`, `ref_…`, `att_…` or `whe_…`.'),
});
export type ReadEventsQuery = z.output<typeof readEventsSchema>;

export const eventsPageSchema = z.object({
  object: z.literal('list'),
  data: z.array(eventViewSchema),
  has_more: z.boolean().describe('There is more at this moment: ask again at once.'),
  next: z.string().describe('Always there, also when nothing happened: pass it as `after` next time.'),
});
export type EventsPage = z.infer<typeof eventsPageSchema>;
