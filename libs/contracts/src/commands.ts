import { z } from 'zod';
import { amountField, boundedJson, commandShape, currencyField, idField, instantField, sealedField } from './fields.ts';
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
  /** What of the method is personal, as JSON: a phone, a comment. */
  sealed: sealedField.optional(),
});

/** Asks the provider once how the payment is, because a person wants to know now. */
export const paymentRefresh = defineMessage('payment.refresh', { ...commandShape });

/** Asks for a cancel. For a subject that nobody knows yet it leaves a tombstone, so that a later start is refused. */
export const paymentCancel = defineMessage('payment.cancel', {
  ...commandShape,
  reason: z.string().max(255).nullable(),
});

/**
 * Starts a refund. Where the purchase is not known yet the buyer shows it, and `refund.choose` follows. Past `start_by`
 * nothing is sent and the refund ends `failed: not_started`.
 */
export const refundStart = defineMessage('refund.start', {
  ...commandShape,
  /** Null where the buyer picks the purchase. */
  payment_id: idField.nullable(),
  /** The provider's own id of the purchase; null where the buyer picks it. */
  purchase_ref: z.string().min(1).max(128).nullable(),
  /** Null where the amount is told together with the choice. */
  amount: amountField.positive().nullable(),
  currency: currencyField,
  /** The trade point of the purchase: a provider may refund through a device of that trade point alone. */
  trade_point_ref: z.string().max(64).nullable(),
  start_by: instantField,
});

/** Names the purchase, and how much of it goes back, after the buyer has shown himself. Reserved by the gateway before. */
export const refundChoose = defineMessage('refund.choose', {
  ...commandShape,
  /** Null for a purchase that was not made through us. */
  payment_id: idField.nullable(),
  purchase_ref: z.string().min(1).max(128),
  amount: amountField.positive(),
  start_by: instantField,
});

/** Gives a refund up that no money has left for yet; after that it changes nothing. */
export const refundCancel = defineMessage('refund.cancel', {
  ...commandShape,
  reason: z.string().max(255).nullable(),
});

/** Asks the provider something that somebody waits for; past `deadline` nobody does, and nothing is asked. */
export const questionAsk = defineMessage('question.ask', {
  ...commandShape,
  kind: z.string().min(1).max(40),
  trade_point_ref: z.string().max(64).nullable(),
  deadline: instantField,
  /** The question's arguments as JSON. */
  sealed: sealedField,
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

/** Characters of a certificate with its intermediate ones, or of a list of authorities, in PEM: three or four of them. */
export const MAX_PEM_LENGTH = 8_192;
const pemField = z.string().min(1).max(MAX_PEM_LENGTH);
const versionField = z.number().int().positive();

/** Certificates belong to no connection: one may serve hundreds. Each is a lane of its own. */
const certificateShape = {
  op_id: z.string().min(5).max(100),
  /** The certificate. */
  subject_id: idField,
  version: versionField,
  lane: z.string().min(1).max(100),
};

/** Who a certificate is asked for; what exactly is allowed is the provider's rule. */
export const certificateSubjectSchema = z.object({
  region: z.string().min(1).max(128),
  town: z.string().min(1).max(128),
  organization: z.string().min(1).max(64),
  common_name: z.string().min(1).max(64),
  email: z.email().max(128),
});

/** Makes a private key, which stays where it is made, and a request for a certificate; answered by `certificate.state`. */
export const certificateCreateCsr = defineMessage('certificate.create_csr', {
  ...certificateShape,
  subject: certificateSubjectSchema,
});

/** The certificate that was issued for a key made before. It is used at once where no other version is. */
export const certificateInstall = defineMessage('certificate.install', {
  ...certificateShape,
  /** The client certificate first, intermediate ones after it. */
  certificate: pemField,
  ca: pemField.nullable(),
});

/** A version lies ready: it takes over as soon as the provider has answered under it. */
export const certificateActivate = defineMessage('certificate.activate', {
  ...certificateShape,
  /** Where its pair is to be taken from; null where it is in the vault already. */
  from: z.object({ certificate_id: idField, version: versionField }).nullable(),
});

/** Asks for the newest snapshot of a subject, or a tombstone where it never began and `start_by` has passed. */
export const subjectReport = defineMessage('subject.report', {
  ...commandShape,
  kind: z.enum(['payment', 'refund']),
  start_by: instantField,
});

/**
 * A person has found out what the provider could not tell. Ends what is still in doubt about the subject, so that what
 * waits behind it can go on; what has ended already stays as it is.
 */
export const subjectClose = defineMessage('subject.close', {
  ...commandShape,
  kind: z.enum(['payment', 'refund']),
  outcome: z.enum(['succeeded', 'failed']),
});

export const COMMANDS = [
  paymentStart,
  paymentCancel,
  paymentRefresh,
  refundStart,
  refundChoose,
  refundCancel,
  questionAsk,
  connectionPut,
  connectionVerify,
  deviceRegister,
  deviceDelete,
  certificateCreateCsr,
  certificateInstall,
  certificateActivate,
  subjectReport,
  subjectClose,
] as const;

export type PaymentStart = BodyOf<typeof paymentStart>;
export type PaymentCancel = BodyOf<typeof paymentCancel>;
export type PaymentRefresh = BodyOf<typeof paymentRefresh>;
export type RefundStart = BodyOf<typeof refundStart>;
export type RefundChoose = BodyOf<typeof refundChoose>;
export type RefundCancel = BodyOf<typeof refundCancel>;
export type QuestionAsk = BodyOf<typeof questionAsk>;
export type ConnectionPut = BodyOf<typeof connectionPut>;
export type ConnectionVerify = BodyOf<typeof connectionVerify>;
export type DeviceRegister = BodyOf<typeof deviceRegister>;
export type DeviceDelete = BodyOf<typeof deviceDelete>;
export type CertificateSubject = z.infer<typeof certificateSubjectSchema>;
export type CertificateCreateCsr = BodyOf<typeof certificateCreateCsr>;
export type CertificateInstall = BodyOf<typeof certificateInstall>;
export type CertificateActivate = BodyOf<typeof certificateActivate>;
export type SubjectReport = BodyOf<typeof subjectReport>;
export type SubjectClose = BodyOf<typeof subjectClose>;
