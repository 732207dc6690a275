import { z } from 'zod';
import { EVENT_TYPES } from '../events/event-types.ts';
import { MAX_URL_LENGTH } from './webhook-url.ts';

const url = z
  .string()
  .trim()
  .min(1)
  .max(MAX_URL_LENGTH)
  .describe('`https://…` on the public internet. Its path and query may name anything that helps you.');
const types = z
  .array(z.enum(EVENT_TYPES))
  .min(1)
  .max(EVENT_TYPES.length)
  .refine((list) => new Set(list).size === list.length, 'must not name a type twice');

export const createWebhookEndpointSchema = z.strictObject({
  url,
  types: types.optional().describe('Only these types of events; absent: all.'),
});
export type CreateWebhookEndpoint = z.output<typeof createWebhookEndpointSchema>;

export const updateWebhookEndpointSchema = z
  .strictObject({
    url: url.optional(),
    types: types.nullable().optional().describe('Only these types of events; null: all.'),
    disabled: z
      .boolean()
      .optional()
      .describe(
        'true: nothing is delivered any more, and what waits is given up. false: what happens from now on is delivered again.',
      ),
  })
  .refine((body) => Object.values(body).some((value) => value !== undefined), 'must change something');
export type UpdateWebhookEndpoint = z.output<typeof updateWebhookEndpointSchema>;

export const rotateSecretSchema = z
  .strictObject({
    overlap_minutes: z
      .int()
      .min(0)
      .max(43_200)
      .default(1_440)
      .describe('How long deliveries are signed with the secret before, too.'),
  })
  .prefault({});
export type RotateSecret = z.output<typeof rotateSecretSchema>;
