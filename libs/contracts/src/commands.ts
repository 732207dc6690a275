import { z } from 'zod';
import { amountField, boundedJson, commandShape, currencyField, idField, instantField } from './fields.ts';
import { type BodyOf, defineMessage } from './message.ts';

/** Characters of a connection's options as JSON: settings, never content. */
const MAX_OPTIONS_LENGTH = 16_384;

/** Starts a payment. Past `start_by` nothing is sent and the payment ends `failed: not_started`. */
export const paymentStart = defineMessage('payment.start', {
  ...commandShape,
  method: z.string().min(1).max(40),
  /** Null only where the method learns the amount later. */
  amount: amountField.positive().nullable(),
  currency: currencyField,
  reference: z.string().max(128).nullable(),
  /** The provider's own id of the trade point that the desk stands in; the device is registered there at first use. */
  trade_point_ref: z.string().max(64).nullable(),
  start_by: instantField,
});

/** Asks for a cancel. For a subject that nobody knows yet it leaves a tombstone, so that a later start is refused. */
export const paymentCancel = defineMessage('payment.cancel', {
  ...commandShape,
  reason: z.string().max(255).nullable(),
});

/** Puts a connection's settings into the provider service; an older version never replaces a newer one. */
export const connectionPut = defineMessage('connection.put', {
  ...commandShape,
  base_url: z.url().max(500),
  scheme: z.string().min(1).max(40),
  tax_id: z.string().min(10).max(12),
  credential_id: idField.nullable(),
  options: boundedJson(z.record(z.string().max(64), z.unknown()), MAX_OPTIONS_LENGTH),
  enabled: z.boolean(),
});

/** Asks the provider whether the connection works; answered by `connection.state`. */
export const connectionVerify = defineMessage('connection.verify', { ...commandShape });

export const deviceRegister = defineMessage('device.register', {
  ...commandShape,
  trade_point_ref: z.string().min(1).max(64),
});

export const deviceDelete = defineMessage('device.delete', { ...commandShape });

/** Asks for the newest snapshot of a subject, or a tombstone where it never began and `start_by` has passed. */
export const subjectReport = defineMessage('subject.report', {
  ...commandShape,
  kind: z.enum(['payment']),
  start_by: instantField,
});

export const COMMANDS = [
  paymentStart,
  paymentCancel,
  connectionPut,
  connectionVerify,
  deviceRegister,
  deviceDelete,
  subjectReport,
] as const;

export type PaymentStart = BodyOf<typeof paymentStart>;
export type PaymentCancel = BodyOf<typeof paymentCancel>;
export type ConnectionPut = BodyOf<typeof connectionPut>;
export type ConnectionVerify = BodyOf<typeof connectionVerify>;
export type DeviceRegister = BodyOf<typeof deviceRegister>;
export type DeviceDelete = BodyOf<typeof deviceDelete>;
export type SubjectReport = BodyOf<typeof subjectReport>;
