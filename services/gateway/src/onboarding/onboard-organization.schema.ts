import { z } from 'zod';
import { connectionView, createConnectionSchema } from '../connections/connection.schema.ts';
import { createDeskSchema, deskView } from '../desks/desk.schema.ts';
import { createOrganizationSchema, organizationView } from '../organizations/organization.schema.ts';

/** The provider's own id of a trade point, which is all that is known before the provider has been asked. */
export const wantedTradePoint = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .describe('The provider’s own id of the trade point, where the organization has several; else its first one.');

export const onboardOrganizationSchema = z.strictObject({
  ...createOrganizationSchema.shape,
  connection: createConnectionSchema
    .optional()
    .describe('Connects it with a provider at once; `connection.onboarding` tells how the first steps go.'),
  desk: z
    .strictObject({ id: createDeskSchema.shape.desk, trade_point: wantedTradePoint.optional() })
    .optional()
    .describe('The first cash desk. Default with a connection: a desk named by the tax id and `-1`.'),
});
export type OnboardOrganization = z.output<typeof onboardOrganizationSchema>;

export const onboardedView = organizationView.extend({
  connection: connectionView.optional().describe('Where one was asked for.'),
  desk: deskView.optional().describe('Where a desk or a connection was asked for.'),
});
