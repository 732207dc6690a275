import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { paymentCancel, paymentStart } from './commands.ts';
import { type Envelope, envelopeOf, headersOf, MODES } from './envelope.ts';
import { paymentState } from './events.ts';
import { type Addressed, produce } from './message.ts';

const ID = '01kqz7m5y8e3vs6w0c9d4hj2fx';
const AT = '2026-11-22T10:00:00.000Z';

const address: Addressed = {
  id: `msg_${ID}`,
  source: 'gateway',
  subject: `pay_${ID}`,
  time: AT,
  tenant: `ten_${ID}`,
  mode: 'test',
  topic: 'commands.kaspi',
  key: `pay_${ID}`,
};
const cancel = {
  op_id: `pay_${ID}:cancel`,
  subject_id: `pay_${ID}`,
  connection_id: `con_${ID}`,
  connection_version: 1,
  device_id: null,
  lane: `pay_${ID}`,
  reason: null,
};

describe('producing a message', () => {
  it('adds type and schema version to the address and leaves the body as it was given', () => {
    expect(produce(paymentCancel, address, cancel)).toEqual({
      ...address,
      type: 'payment.cancel',
      schema: 1,
      body: cancel,
    });
  });

  it('refuses a field that the contract does not name, instead of dropping it or sending it', () => {
    const leaky: typeof cancel = Object.assign({ phone: '77001234567' }, cancel);
    expect(() => produce(paymentCancel, address, leaky)).toThrow(z.ZodError);
  });

  it('refuses an unknown field inside a failure, where a provider could put anything', () => {
    const failure = { code: 'x', provider_code: null, provider_message: null, cashier_key: 'declined' };
    const state = {
      subject_id: `pay_${ID}`,
      seq: 1,
      op_id: null,
      observed_at: AT,
      phase: 'failed',
      provider_ref: null,
      amount: null,
      next_action: null,
      payment_methods: [],
      slip: null,
      cancel: null,
      failure,
      evidence: 'stated' as const,
    };
    expect(produce(paymentState, address, state).body).toEqual(state);
    const leaky: typeof failure = Object.assign({ token: 'secret' }, failure);
    expect(() => produce(paymentState, address, { ...state, failure: leaky })).toThrow(z.ZodError);
  });

  it('refuses a fraction for an amount', () => {
    const start = { ...cancel, method: 'kaspi_qr', amount: 10.5, currency: 'KZT' as const, reference: null };
    const body = { ...start, trade_point_ref: null, start_by: AT };
    expect(() => produce(paymentStart, address, body)).toThrow(z.ZodError);
  });

  it.each([
    ['an empty id', { id: '' }],
    ['a date without a time', { time: '2026-11-22' }],
    ['a subject without an end', { subject: 'x'.repeat(201) }],
  ])('refuses an address with %s, which no consumer could read', (_, wrong) => {
    expect(() => produce(paymentCancel, { ...address, ...wrong }, cancel)).toThrow(z.ZodError);
  });
});

const text = (maxLength: number): fc.Arbitrary<string> => fc.string({ minLength: 1, maxLength, unit: 'binary' });
const envelope: fc.Arbitrary<Envelope> = fc
  .record({
    id: text(50),
    type: text(50),
    source: text(50),
    subject: text(100),
    time: fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') })
      .map((date) => date.toISOString()),
    tenant: fc.option(text(30)),
    mode: fc.constantFrom(...MODES),
    schema: fc.integer({ min: 1, max: 1_000 }),
    topic: text(50),
    key: text(50),
    body: fc.jsonValue(),
    traceparent: fc.option(text(50)),
  })
  .map(({ traceparent, ...rest }) => (traceparent === null ? rest : { ...rest, traceparent }));

describe('the headers of an envelope', () => {
  it('together with topic, key and body give the same envelope back, through JSON', () => {
    fc.assert(
      fc.property(envelope, (sent) => {
        const headers: unknown = JSON.parse(JSON.stringify(headersOf(sent)));
        expect(envelopeOf(sent.topic, sent.key, headers, sent.body)).toEqual(sent);
      }),
    );
  });

  it('carry nothing of the body', () => {
    const sent = produce(paymentCancel, address, { ...cancel, reason: 'a word of the body' });
    expect(JSON.stringify(headersOf(sent))).not.toContain('a word of the body');
  });

  it.each(['ce_id', 'ce_type', 'ce_source', 'ce_subject', 'ce_time', 'tenant', 'mode', 'schema'])(
    'are refused without %s',
    (name) => {
      const { [name]: _dropped, ...rest }: Record<string, unknown> = headersOf(produce(paymentCancel, address, cancel));
      expect(() => envelopeOf('t', 'k', rest, {})).toThrow(z.ZodError);
    },
  );

  it('are read although a later release added some', () => {
    const sent = produce(paymentCancel, address, cancel);
    expect(envelopeOf(sent.topic, sent.key, { ...headersOf(sent), baggage: 'x' }, sent.body)).toEqual(sent);
  });

  it('are refused in a world that is neither test nor live', () => {
    expect(() =>
      envelopeOf('t', 'k', { ...headersOf(produce(paymentCancel, address, cancel)), mode: 'prod' }, {}),
    ).toThrow(z.ZodError);
  });
});
