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
  },
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
  'subject.report': { ...command, kind: 'payment', start_by: AT },
  'payment.state': {
    ...snapshot,
    phase: 'requires_customer',
    provider_ref: '9007199254740993',
    amount: 149_000,
    next_action: { type: 'show_qr', qr: 'https://qr.example/1', expires_at: AT },
    payment_methods: ['gold'],
    slip: { rrn: '123' },
    cancel: { result: 'pending' },
    failure,
    evidence: 'stated',
  },
  'payment.progress': { subject_id: `pay_${ID}`, observed_at: AT, phase: 'processing', expires_at: AT },
  'device.state': { ...snapshot, connection_id: `con_${ID}`, status: 'failed', failure },
  'connection.state': {
    ...snapshot,
    connection_version: 3,
    health: 'refused',
    reason: failure,
    trade_points: [{ ref: '4242', name: 'Abaya 1' }],
  },
};
