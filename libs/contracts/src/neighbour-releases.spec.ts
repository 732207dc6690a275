import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { COMMANDS } from './commands.ts';
import { connectionState, deviceState, EVENTS, paymentProgress, paymentState } from './events.ts';
import { amountField, openEnum } from './fields.ts';
import { type Addressed, defineMessage, produce } from './message.ts';

const ID = '01kqz7m5y8e3vs6w0c9d4hj2fx';
const AT = '2026-11-22T10:00:00.000Z';
const snapshot = { subject_id: `pay_${ID}`, seq: 7, op_id: null, observed_at: AT };
const failure = { code: 'provider_declined', provider_code: '-1', provider_message: 'no', cashier_key: 'declined' };

const paid = {
  ...snapshot,
  phase: 'succeeded',
  provider_ref: '9007199254740993',
  amount: 149_000,
  next_action: { type: 'show_qr', qr: 'https://qr.example/1' },
  payment_methods: ['gold'],
  slip: { rrn: '123' },
  cancel: { result: 'done' },
  failure,
  evidence: 'stated',
};
const device = { ...snapshot, connection_id: `con_${ID}`, status: 'registered', failure: null };
const connection = { ...snapshot, connection_version: 3, health: 'up', reason: null, trade_points: null };

describe('a word that only a later release knows', () => {
  it.each([
    ['phase', { phase: 'refund_pending' }, { phase: null }],
    ['evidence', { evidence: 'witnessed' }, { evidence: 'inferred' }],
    ['result of a cancel', { cancel: { result: 'partly' } }, { cancel: { result: 'pending' } }],
    ['next step', { next_action: { type: 'show_nfc' } }, { next_action: null }],
    [
      'next step that holds what this release cannot read',
      { next_action: { type: 'show_nfc', qr: { tag: 7 } } },
      { next_action: null },
    ],
  ])('costs a payment nothing but that word: %s', (_, written, read) => {
    expect(paymentState.consume.parse({ ...paid, ...written })).toEqual({ ...paid, ...read });
  });

  it('leaves a device not working and a connection down, the cautious way to read it', () => {
    expect(deviceState.consume.parse({ ...device, status: 'resting' })).toEqual({ ...device, status: 'failed' });
    expect(connectionState.consume.parse({ ...connection, health: 'limited' })).toEqual({
      ...connection,
      health: 'down',
    });
  });

  it('costs nothing more where every word of a snapshot is of a later release, and fields too', () => {
    const later = {
      ...paid,
      phase: 'x',
      evidence: 'x',
      cancel: { result: 'x', by: 'cashier' },
      next_action: { type: 'x', url: 'https://x.example' },
      failure: { ...failure, hint: 'x' },
      tip: 100,
    };
    expect(paymentState.consume.parse(later)).toEqual({
      ...paid,
      phase: null,
      evidence: 'inferred',
      cancel: { result: 'pending' },
      next_action: null,
    });
  });

  it('is never written by this release', () => {
    for (const written of [
      { phase: 'x' },
      { evidence: 'x' },
      { cancel: { result: 'x' } },
      { next_action: { type: 'x' } },
    ]) {
      expect([written, paymentState.produce.safeParse({ ...paid, ...written }).success]).toEqual([written, false]);
    }
    expect(deviceState.produce.safeParse({ ...device, status: 'x' }).success).toBe(false);
    expect(connectionState.produce.safeParse({ ...connection, health: 'x' }).success).toBe(false);
  });

  it('is a bounded text all the same', () => {
    for (const wrong of [7, null, 'x'.repeat(65)]) {
      expect(paymentState.consume.safeParse({ ...paid, evidence: wrong }).success).toBe(false);
      expect(paymentState.consume.safeParse({ ...paid, next_action: { type: wrong } }).success).toBe(false);
    }
  });

  it('does not loosen the words that are known: a known step must be whole', () => {
    expect(paymentState.consume.safeParse({ ...paid, next_action: { type: 'show_qr', qr: 7 } }).success).toBe(false);
    expect(paymentState.consume.parse(paid)).toEqual(paid);
  });
});

/** Names of the fields that a consumer reads as a closed list of words, at any depth. */
function closedEnums(schema: z.core.$ZodType, at = ''): string[] {
  if (schema instanceof z.ZodEnum) return [at];
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.def.shape).flatMap(([name, field]) => closedEnums(field, `${at}/${name}`));
  }
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional) return closedEnums(schema.def.innerType, at);
  if (schema instanceof z.ZodArray) return closedEnums(schema.def.element, at);
  return [];
}

describe('the contracts', () => {
  it('hold no closed list of words in any event, where one new word would cost a whole snapshot', () => {
    // A union with a way out for unknown words is open; its own specs are above.
    expect(EVENTS.flatMap((event) => closedEnums(event.consume, event.type))).toEqual([]);
  });

  it('hold closed lists in commands only where carrying out half of one would be worse than refusing it', () => {
    expect(COMMANDS.flatMap((command) => closedEnums(command.consume, command.type))).toEqual([
      'payment.start/currency',
      'refund.start/currency',
      'subject.report/kind',
      'subject.close/kind',
      'subject.close/outcome',
    ]);
  });
});

describe('releases that differ by one version of a schema', () => {
  /** Three releases of one message: a field is added as optional, then a word is added; nothing is removed at once. */
  const previous = defineMessage('spec.sold', { total: amountField, how: openEnum(['cash', 'card'], null) }, 1);
  const present = defineMessage(
    'spec.sold',
    {
      total: amountField,
      how: openEnum(['cash', 'card'], null),
      tip: amountField.default(0),
      note: z.string().optional(),
    },
    2,
  );
  const next = defineMessage(
    'spec.sold',
    {
      total: amountField,
      how: openEnum(['cash', 'card', 'qr'], null),
      tip: amountField.default(0),
      note: z.string().optional(),
      lines: z.array(z.object({ sum: amountField })),
    },
    3,
  );
  const address: Addressed = {
    id: `msg_${ID}`,
    source: 'spec',
    subject: `pay_${ID}`,
    time: AT,
    tenant: null,
    mode: 'test',
    topic: 'events',
    key: `pay_${ID}`,
  };

  it('understand the previous one: what it did not know yet has its default', () => {
    const written = produce(previous, address, { total: 100, how: 'cash' });
    expect(written.schema).toBe(1);
    expect(present.consume.parse(written.body)).toEqual({ total: 100, how: 'cash', tip: 0 });
  });

  it('understand the next one: what it added is passed over, and its words are unknown, never wrong', () => {
    const written = produce(next, address, { total: 100, how: 'qr', tip: 5, lines: [{ sum: 100 }] });
    expect(written.schema).toBe(3);
    expect(present.consume.parse(written.body)).toEqual({ total: 100, how: null, tip: 5 });
    expect(previous.consume.parse(written.body)).toEqual({ total: 100, how: null });
  });

  it('are read by their fields, not by their number: every present message says which version it was written in', () => {
    for (const definition of [...COMMANDS, ...EVENTS]) expect(definition.schema).toBeGreaterThanOrEqual(1);
    expect(
      paymentProgress.consume.parse({ subject_id: `pay_${ID}`, observed_at: AT, phase: 'x', expires_at: AT, at: 1 }),
    ).toEqual({ subject_id: `pay_${ID}`, observed_at: AT, phase: null, expires_at: AT });
  });
});
