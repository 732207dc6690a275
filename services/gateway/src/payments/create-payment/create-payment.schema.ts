import { type MethodDescriptor, methodNamed, PROVIDERS } from '@tolem/contracts';
import { MAX_ITEMS } from '@tolem/domain';
import { z } from 'zod';
import { metadataSchema, plainText } from '../plain-text.ts';

const amountSchema = z.int().positive().describe('Minor units: 149000 is 1 490.00.');

const itemSchema = z.strictObject({
  name: plainText(256),
  article: plainText(64).optional(),
  quantity: z.string().max(20).describe('Decimal text, e.g. `1.125`.'),
  unit: plainText(64),
  price: z.int().nonnegative().describe('Of one unit, minor units.'),
  total: z.int().nonnegative().describe('What the buyer pays for the line, minor units.'),
  discount: z.int().nonnegative().optional(),
  tax: plainText(64).optional(),
});

function methodSchema({ type, fields }: MethodDescriptor) {
  return z.strictObject({ type: z.literal(type), ...fields });
}

const [firstMethod, ...otherMethods] = PROVIDERS.flatMap((provider) => provider.methods);
if (firstMethod === undefined) throw new Error('no provider has a payment method');
const methodsSchema = z.discriminatedUnion('type', [methodSchema(firstMethod), ...otherMethods.map(methodSchema)]);

export const createPaymentSchema = z
  .strictObject({
    organization: z.string().min(1).max(64).describe('`org_…`'),
    desk: plainText(128).describe("The chain's own id of the desk. An unknown desk is created at its first payment."),
    trade_point: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('`tp_…`: where an unknown desk stands. Needed unless the organization has exactly one.'),
    amount: amountSchema.optional().describe('Minor units. May be absent only where the method learns it later.'),
    currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code in capitals'),
    method: methodsSchema,
    reference: plainText(128).optional().describe("The chain's own order id: one open or succeeded payment at a time."),
    items: z.array(itemSchema).max(MAX_ITEMS).optional(),
    metadata: metadataSchema.optional(),
  })
  .superRefine((body, context) => {
    const needed = methodNamed(body.method.type)?.method.amount === 'required';
    if (needed && body.amount === undefined) {
      context.addIssue({ code: 'custom', path: ['amount'], message: 'is required for this method' });
    }
  });

/** A body that works, but for its ids. */
export const createPaymentExample = {
  organization: 'org_06dz3k8v7x4w9s2r5n1m0qyt3c',
  desk: 'desk-03',
  trade_point: 'tp_06dz3k8v7x4w9s2r5n1m0qyt3d',
  amount: 149_000,
  currency: PROVIDERS[0]?.currency,
  method: { type: firstMethod.type },
  reference: 'S-000917',
};

export type CreatePaymentBody = z.infer<typeof createPaymentSchema>;
