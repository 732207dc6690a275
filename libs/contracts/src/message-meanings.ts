import type { FieldName, HeaderName, MessageType } from './message-type.ts';

/** For people who read the AsyncAPI document: what a message of a type says, and what follows from it. */
export const MESSAGE_MEANINGS: Readonly<Record<MessageType, string>> = {
  'payment.start':
    'Start this payment. Past `start_by` nothing is sent to the provider any more and the payment fails.',
  'payment.cancel':
    'Ask the provider to cancel. For a payment that nobody knows yet a tombstone is kept, so that a later start is refused.',
  'payment.refresh': 'Ask the provider once how this payment is; `payment.state` tells what is new.',
  'refund.start':
    'Start this refund. Past `start_by` nothing is sent to the provider any more and the refund fails. Where the purchase is not named the buyer shows it, and `refund.choose` follows.',
  'refund.choose': 'The purchase and the amount of a refund whose buyer has shown himself.',
  'refund.cancel': 'Give a refund up. Where money may have left already it changes nothing.',
  'question.ask':
    'Ask the provider something that somebody waits for until `deadline`. The answer does not come over the bus.',
  'connection.put': 'The settings of a connection. An older version never replaces a newer one.',
  'connection.verify': 'Ask the provider whether the connection works; `connection.state` answers.',
  'device.register': 'Make a device of the provider for this desk, in this trade point; `device.state` answers.',
  'device.delete': 'Take the device back; `device.state` answers.',
  'certificate.create_csr':
    'Make a private key, which never leaves the vault, and a request for a certificate; `certificate.state` answers with the request.',
  'certificate.install':
    'The certificate that the provider has issued for a key. Where no version of it is in use yet this one is at once.',
  'certificate.activate':
    'A version of a certificate lies ready. It takes over when the provider has answered under it; until then the one before stays.',
  'subject.report':
    'Send the newest snapshot of this payment again, or a tombstone where it never began and `start_by` has passed.',
  'subject.close':
    'A person has found out how this ended, which the provider could not tell. What waits behind it goes on.',
  'payment.state':
    'All that the provider says of a payment. The snapshot with the highest `seq` counts; one that tells of money counts however old it is.',
  'refund.state': 'All that the provider says of a refund. The snapshot with the highest `seq` counts.',
  'payment.progress':
    'The payment moves. Announced without an outbox row: it may be lost, has no order, and can never end a payment.',
  'device.state': 'Whether the device of a desk works.',
  'certificate.state': 'Where a version of a certificate stands. The highest `seq` of a version counts.',
  'connection.state': 'Whether a connection works, with the trade points that the provider lists for it.',
};

export const FIELD_MEANINGS: Readonly<Record<FieldName, string>> = {
  op_id:
    'The operation. A command with an id that was taken before does nothing; in a snapshot, the operation that it answers.',
  subject_id: 'What it is about: a payment, a refund, a device, a connection or a certificate.',
  connection_id: 'The connection that it goes through.',
  connection_version: 'The version of the connection that it was made for; a provider waits until it has that version.',
  device_id: 'The desk, where there is one.',
  lane: 'What has to happen one after the other; the key of the message.',
  after: 'An operation that has to end before this one begins.',
  payment_id: 'The payment that is refunded; null where it is not known, or not ours.',
  purchase_ref: "The provider's own id of the purchase; null where nobody knows it yet.",
  deadline: 'Until when somebody waits for the answer.',
  sealed: "Personal data or secrets as JSON, encrypted with the tenant's data key; base64.",
  method: 'The payment method, as in the public API.',
  amount: 'Minor units of the currency; null where nobody knows it yet.',
  currency: 'ISO 4217.',
  reference: 'The reference that the chain has given the sale.',
  trade_point_ref: "The provider's own id of the trade point.",
  start_by: 'The last moment at which the start may be sent.',
  reason: 'Why: free words of who asked for it, or the failure that the provider tells of.',
  base_url: 'Where the provider listens for this connection.',
  scheme: 'The scheme of the provider.',
  tax_id: 'The organization at the tax office (BIN, INN).',
  credential_id: 'What to prove itself with, in the vault.',
  options: 'Settings of the scheme; at most 16,384 characters as JSON.',
  enabled: 'False: nothing new is started.',
  outcome: 'How it ended, as a person says.',
  kind: 'What kind of subject is asked about, or what is asked.',
  seq: 'Counts the snapshots of a subject; consumers apply only a higher one than they have.',
  observed_at: 'When the provider was seen to say so.',
  phase: 'Where the payment or the refund stands. A consumer reads a word that it does not know as "still pending".',
  provider_ref: "The provider's own id of the payment or the refund.",
  next_action:
    'What the till shows or asks for; null for nothing. A consumer reads a type that it does not know as null.',
  payment_methods: 'What the buyer may pay with, in the words of the provider.',
  slip: 'Lines for the receipt, in the words of the provider; at most 16,384 characters as JSON.',
  cancel: 'What became of the cancel; null where nobody has asked for one.',
  failure: 'Why it did not happen.',
  evidence: 'Whether the provider said so itself, or we concluded it.',
  expires_at: 'When the provider stops waiting for the buyer.',
  status: 'Whether the device works. A consumer reads a word that it does not know as `failed`.',
  health: 'Whether the connection works. A consumer reads a word that it does not know as `down`.',
  version: 'The version of the certificate: each pair of key and certificate that it had or will have.',
  subject: 'Who the certificate is for, as the request names it.',
  certificate: 'The certificate in PEM, without its key; intermediate ones after it.',
  ca: 'Whom to trust on the other side, PEM; null for the well-known authorities.',
  from: 'The certificate that the pair is taken from; null where it lies in the vault already.',
  csr: 'What the provider signs, PEM.',
  state: 'Where the version stands. A consumer keeps what it has at a word that it does not know.',
  trade_points: 'The trade points as the provider lists them; null where it was not asked.',
};

export const HEADER_MEANINGS: Readonly<Record<HeaderName, string>> = {
  ce_id: 'Id of the message: who gets it twice knows it by this.',
  ce_type: 'Type of the message: consumers route by it, before they look at the body.',
  ce_source: 'The service that has sent it.',
  ce_subject: 'What it is about; the key of an event.',
  ce_time: 'When it was made; RFC 3339, UTC.',
  tenant: 'Whose it is; left out for what belongs to the operator alone.',
  mode: 'Test or live: the two never meet.',
  schema: 'Version of the body, in decimal digits.',
  traceparent: 'W3C trace context of who caused it.',
};
