import { z } from 'zod';

const ms = z.number();
const id = z.int().positive();
const minor = z.int().nonnegative();
const status = z.enum([
  'QrTokenCreated',
  'Wait',
  'Processed',
  'Error',
  'RemotePaymentCreated',
  'RemotePaymentCanceled',
  'Expired',
]);
const plan = z.array(
  z.strictObject({
    atMs: ms,
    step: z.enum(['scan', 'confirm', 'scanerror', 'confirmerror', 'pay_late', 'pay', 'reject', 'cancel']),
  }),
);
const timing = z.strictObject({
  scanMs: ms,
  confirmMs: ms,
  returnScanMs: ms.nullable().default(null),
  invoicePayMs: ms.nullable().default(null),
});
const invoice = z.strictObject({ phoneEnds: z.string(), comment: z.string().nullable() });

/** One line of `ledger.jsonl`: a fact that the bank must still know after a restart. */
export const journalRecord = z.discriminatedUnion('t', [
  z.strictObject({ t: z.literal('begin'), nextId: id, seq: z.int().nonnegative() }),
  z.strictObject({ t: z.literal('autopilot'), timing: timing.nullable() }),
  z.strictObject({
    t: z.literal('device'),
    token: z.string(),
    bin: z.string(),
    tradePointId: id,
    deviceId: z.string(),
    active: z.boolean(),
  }),
  z.strictObject({
    t: z.literal('purchase'),
    id,
    kind: z.enum(['qr', 'link', 'invoice']).default('qr'),
    bin: z.string(),
    tradePointId: id,
    deviceToken: z.string(),
    externalId: z.string().nullable(),
    amountMinor: minor,
    atMs: ms,
    scanWaitMs: ms,
    confirmWaitMs: ms,
    cancelLagMs: ms,
    pollIntervalMs: ms,
    silentUntilMs: ms,
    limboPolls: z.int().nonnegative(),
    fullRefundOnly: z.boolean().default(false),
    invoice: invoice.nullable().default(null),
    plan,
  }),
  z.strictObject({ t: z.literal('buyer'), id, buyer: z.string() }),
  z.strictObject({ t: z.literal('full_refund_only'), id }),
  z.strictObject({ t: z.literal('plan'), id, plan }),
  z.strictObject({ t: z.literal('status'), id, atMs: ms, status, deadAtMs: ms.nullable() }),
  z.strictObject({
    t: z.literal('refund'),
    id,
    paymentId: id,
    amountMinor: minor,
    atMs: ms,
    by: z.enum(['api', 'cashier_app']).default('api'),
    codeId: id.nullable().default(null),
  }),
  z.strictObject({
    t: z.literal('refund_code'),
    id,
    bin: z.string(),
    tradePointId: id,
    externalId: z.string().nullable(),
    atMs: ms,
    scanWaitMs: ms,
    cancelLagMs: ms,
    pollIntervalMs: ms,
    plannedScanAtMs: ms.nullable(),
  }),
  z.strictObject({ t: z.literal('code_plan'), id, plannedScanAtMs: ms.nullable() }),
  z.strictObject({
    t: z.literal('code_status'),
    id,
    atMs: ms,
    status: z.enum(['CustomerIdentityObtained', 'Error']),
    buyer: z.string().nullable(),
  }),
  z.strictObject({ t: z.literal('api_key'), hash: z.string(), bin: z.string().nullable() }),
  z.strictObject({ t: z.literal('revoked'), serial: z.string() }),
  z.strictObject({ t: z.literal('first_lost'), key: z.string() }),
  z.strictObject({
    t: z.literal('call'),
    id,
    refundId: id.nullable(),
    call: z.string(),
    atMs: ms,
    answered: z.boolean(),
    answeredAtMs: ms.nullable(),
    status: z.string().nullable(),
  }),
]);

export type JournalRecord = z.infer<typeof journalRecord>;
