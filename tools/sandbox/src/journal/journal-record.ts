import { z } from 'zod';

const ms = z.number();
const id = z.int().positive();
const minor = z.int().nonnegative();
const status = z.enum(['QrTokenCreated', 'Wait', 'Processed', 'Error']);
const plan = z.array(
  z.strictObject({ atMs: ms, step: z.enum(['scan', 'confirm', 'scanerror', 'confirmerror', 'pay_late']) }),
);
const timing = z.strictObject({ scanMs: ms, confirmMs: ms });

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
    plan,
  }),
  z.strictObject({ t: z.literal('plan'), id, plan }),
  z.strictObject({ t: z.literal('status'), id, atMs: ms, status, deadAtMs: ms.nullable() }),
  z.strictObject({ t: z.literal('refund'), id, paymentId: id, amountMinor: minor, atMs: ms }),
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
