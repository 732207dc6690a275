import type { MessageType } from './message-type.ts';

const ID = '01kqz7m5y8e3vs6w0c9d4hj2fx';
const AT = '2026-11-22T10:00:00.000Z';

const command = {
  op_id: `pay_${ID}:start`,
  subject_id: `pay_${ID}`,
  connection_id: `con_${ID}`,
  connection_version: 3,
  device_id: `dsk_${ID}`,
  lane: `pay_${ID}`,
};
const certificate = { op_id: `crt_${ID}.install.2`, subject_id: `crt_${ID}`, version: 2, lane: `crt_${ID}` };
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const snapshot = { subject_id: `pay_${ID}`, seq: 2, op_id: null, observed_at: AT };
const failure = { code: 'provider_declined', provider_code: '-1', provider_message: 'no', cashier_key: 'declined' };

/** One message of every type with every field filled: the examples of the AsyncAPI document, and what specs begin with. */
export const MESSAGE_EXAMPLES: Readonly<Record<MessageType, Readonly<Record<string, unknown>>>> = {
  'payment.start': {
    ...command,
    after: `pay_${ID}:x`,
    method: 'kaspi_qr',
    amount: 149_000,
    currency: 'KZT',
    reference: 'check 17',
    trade_point_ref: '4242',
    start_by: AT,
    sealed: 'AQIDBA==',
  },
  'payment.refresh': { ...command },
  'refund.start': {
    ...command,
    payment_id: `pay_${ID}`,
    purchase_ref: '9007199254740993',
    amount: 49_000,
    currency: 'KZT',
    trade_point_ref: '4242',
    start_by: AT,
  },
  'refund.choose': {
    ...command,
    payment_id: `pay_${ID}`,
    purchase_ref: '9007199254740993',
    amount: 49_000,
    start_by: AT,
  },
  'refund.cancel': { ...command, reason: 'the buyer went away' },
  'question.ask': { ...command, kind: 'payer', trade_point_ref: '4242', deadline: AT, sealed: 'AQIDBA==' },
  'payment.cancel': { ...command, reason: 'changed his mind' },
  'connection.put': {
    ...command,
    base_url: 'https://bank.example:8545/',
    scheme: 'r3',
    tax_id: '210140012347',
    credential_id: `crt_${ID}`,
    options: { poll: { ms: 1 } },
    enabled: true,
  },
  'connection.verify': { ...command },
  'device.register': { ...command, trade_point_ref: '4242' },
  'device.delete': { ...command },
  'certificate.create_csr': {
    ...certificate,
    subject: {
      region: 'Almaty',
      town: 'Almaty',
      organization: 'Small Shops LLP',
      common_name: 'pay.shops.example',
      email: 'it@shops.example',
    },
  },
  'certificate.install': { ...certificate, certificate: PEM, ca: PEM },
  'certificate.activate': { ...certificate, from: { certificate_id: `crt_${ID}`, version: 1 } },
  'subject.report': { ...command, kind: 'payment', start_by: AT },
  'subject.close': { ...command, kind: 'refund', outcome: 'succeeded' },
  'payment.state': {
    ...snapshot,
    phase: 'requires_customer',
    provider_ref: '9007199254740993',
    amount: 149_000,
    next_action: { type: 'show_qr', qr: 'https://qr.example/1', link: 'https://pay.example/1', expires_at: AT },
    payment_methods: ['gold'],
    slip: { rrn: '123' },
    cancel: { result: 'pending' },
    failure,
    evidence: 'stated',
  },
  'refund.state': {
    ...snapshot,
    phase: 'requires_customer',
    provider_ref: '16600000032',
    purchase_ref: '9007199254740993',
    amount: 49_000,
    next_action: {
      type: 'choose_purchase',
      purchases: [{ ref: '9007199254740993', amount: 149_000, at: AT }],
      expires_at: AT,
    },
    failure,
    evidence: 'stated',
  },
  'payment.progress': { subject_id: `pay_${ID}`, observed_at: AT, phase: 'processing', expires_at: AT },
  'device.state': { ...snapshot, connection_id: `con_${ID}`, status: 'failed', failure },
  'certificate.state': {
    ...snapshot,
    subject_id: `crt_${ID}`,
    version: 2,
    state: 'requested',
    csr: '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n',
    certificate: PEM,
    failure,
  },
  'connection.state': {
    ...snapshot,
    connection_version: 3,
    health: 'refused',
    reason: failure,
    trade_points: [{ ref: '4242', name: 'Abaya 1' }],
  },
};
