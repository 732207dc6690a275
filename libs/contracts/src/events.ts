import { z } from 'zod';
import {
  amountField,
  boundedJson,
  idField,
  instantField,
  openEnum,
  phaseField,
  refundPhaseField,
  snapshotShape,
} from './fields.ts';
import { type BodyOf, defineMessage } from './message.ts';
import { asWritten, writtenAs } from './written-as.ts';

const adminTextField = z.string().min(1).max(500);

/**
 * Why something did not happen: our stable code, the provider's own words, which text the cashier reads, and what an
 * administrator can do about it where only the provider's service knows.
 */
export const failureSchema = z.object({
  code: z.string().min(1).max(64),
  provider_code: z.string().max(64).nullable(),
  provider_message: z.string().max(500).nullable(),
  cashier_key: z.string().min(1).max(64),
  admin_text: z.object({ ru: adminTextField, kk: adminTextField, en: adminTextField }).optional(),
});

/** A purchase that a buyer may have refunded, as the provider lists it. */
export const purchaseSchema = z.object({
  /** The provider's own id. */
  ref: z.string().min(1).max(128),
  /** All that was paid. */
  amount: amountField,
  /** Null where the provider's date cannot be read. */
  at: instantField.nullable(),
});

/** Most purchases that a cashier is shown at once. */
const MAX_PURCHASES = 50;

export const nextActionSchema = z.object({
  type: z.enum(['show_qr', 'open_link', 'confirm_in_app', 'enter_amount', 'choose_purchase', 'wait_invoice']),
  /** What the QR picture encodes; opaque. */
  qr: z.string().max(500).optional(),
  /** What the buyer opens on his phone. */
  link: z.string().max(500).optional(),
  /** What the cashier chooses from. */
  purchases: z.array(purchaseSchema).max(MAX_PURCHASES).optional(),
  /** When showing it stops making sense. */
  expires_at: instantField.optional(),
});

/** A step that this release does not know reads as none, whatever it holds: the till waits instead of showing half of it. */
const unknownActionSchema = z
  .object({ type: z.string().max(64) })
  .refine(({ type }) => !nextActionSchema.shape.type.safeParse(type).success)
  .transform((): null => null);
const nextActionField = z.union([nextActionSchema.nullable(), unknownActionSchema]);
writtenAs(nextActionField, asWritten(nextActionSchema.nullable()));

const CANCEL_RESULTS = ['pending', 'done', 'refused', 'not_possible'] as const;
export const cancelResultSchema = z.enum(CANCEL_RESULTS);

/** Characters of a slip as JSON: what fits on a receipt. */
const MAX_SLIP_LENGTH = 16_384;

/** A payment as the provider sees it: always the whole picture, ordered by `seq`. */
export const paymentState = defineMessage('payment.state', {
  ...snapshotShape,
  phase: phaseField,
  provider_ref: z.string().max(128).nullable(),
  amount: amountField.nullable(),
  next_action: nextActionField,
  payment_methods: z.array(z.string().max(64)).max(50),
  slip: boundedJson(z.record(z.string().max(64), z.string().max(500)), MAX_SLIP_LENGTH).nullable(),
  /** A result that this release does not know is still pending. */
  cancel: z.object({ result: openEnum(CANCEL_RESULTS, 'pending') }).nullable(),
  failure: failureSchema.nullable(),
  /** Whether the provider said so itself or we concluded it; evidence of a kind unknown here counts as the weaker. */
  evidence: openEnum(['stated', 'inferred'], 'inferred'),
});

/**
 * Good news without weight (the buyer has scanned): sent without an outbox row, may be lost, never ordered. It can move
 * an open payment forward and nothing else.
 */
export const paymentProgress = defineMessage('payment.progress', {
  subject_id: idField,
  observed_at: instantField,
  phase: phaseField,
  /** When the provider stops waiting for the buyer's confirmation. */
  expires_at: instantField.nullable(),
});

/** A refund as the provider sees it: always the whole picture, ordered by `seq`. */
export const refundState = defineMessage('refund.state', {
  ...snapshotShape,
  phase: refundPhaseField,
  /** The provider's own id of the refund, once it is carried out. */
  provider_ref: z.string().max(128).nullable(),
  /** The purchase that it is of, once that is known. */
  purchase_ref: z.string().max(128).nullable(),
  amount: amountField.nullable(),
  next_action: nextActionField,
  failure: failureSchema.nullable(),
  evidence: openEnum(['stated', 'inferred'], 'inferred'),
});

export const deviceState = defineMessage('device.state', {
  ...snapshotShape,
  connection_id: idField,
  /**
   * `pending`: the provider could not be asked yet, for the reason in `failure`, and is asked again. A status unknown here
   * reads as `failed`: it must not pass for a device that works.
   */
  status: openEnum(['pending', 'registered', 'failed', 'deleted'], 'failed'),
  failure: failureSchema.nullable(),
});

/** What the provider says of a connection, with its trade points as it lists them. */
export const connectionState = defineMessage('connection.state', {
  ...snapshotShape,
  connection_version: z.number().int().positive(),
  /** A health unknown here reads as `down`: for a while no payments are started, which is undone by the next snapshot. */
  health: openEnum(['up', 'down', 'refused'], 'down'),
  reason: failureSchema.nullable(),
  trade_points: z
    .array(z.object({ ref: z.string().min(1).max(64), name: z.string().max(500) }))
    .max(5000)
    .nullable(),
});

const CERTIFICATE_STATES = ['requested', 'ready', 'active', 'retired', 'failed'] as const;

/**
 * One version of a certificate, as the service that uses it has it; `seq` orders what is told of one version. A state
 * that is unknown here reads as null: a consumer then keeps what it has.
 */
export const certificateState = defineMessage('certificate.state', {
  ...snapshotShape,
  version: z.number().int().positive(),
  state: openEnum(CERTIFICATE_STATES, null),
  /** The request to send to the provider, PEM; null where the pair came from elsewhere. */
  csr: z.string().max(8_192).nullable(),
  /** The client certificate alone, PEM; null before there is one. */
  certificate: z.string().max(8_192).nullable(),
  /** Why it failed, or why it still waits. */
  failure: failureSchema.nullable(),
});

export const EVENTS = [
  paymentState,
  paymentProgress,
  refundState,
  deviceState,
  connectionState,
  certificateState,
] as const;

export type Failure = z.infer<typeof failureSchema>;
export type NextAction = z.infer<typeof nextActionSchema>;
export type CancelResult = z.infer<typeof cancelResultSchema>;
export type PaymentState = BodyOf<typeof paymentState>;
export type Purchase = z.infer<typeof purchaseSchema>;
export type RefundState = BodyOf<typeof refundState>;
export type PaymentProgress = BodyOf<typeof paymentProgress>;
export type DeviceState = BodyOf<typeof deviceState>;
export type ConnectionState = BodyOf<typeof connectionState>;
export type CertificateState = BodyOf<typeof certificateState>;
