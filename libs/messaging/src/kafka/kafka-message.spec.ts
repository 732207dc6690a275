import { describe, expect, it } from '@jest/globals';
import type { Envelope } from '@tolem/contracts';
import fc from 'fast-check';
import type { KafkaMessage } from 'kafkajs';
import { fromKafkaMessage, type OutgoingMessage, toKafkaMessage } from './kafka-message.ts';
import { dueAtMs, fromParkedMessage, type Parked, toParkedMessage } from './parked-message.ts';
import { whyUnreadable } from './unreadable-message.ts';

/** What a broker makes of a message. */
function carried({ key, value, headers }: OutgoingMessage): KafkaMessage {
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
    timestamp: '1767225600000',
    attributes: 0,
    offset: '7',
  };
}

const text = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .string({ minLength: 1, maxLength, unit: 'grapheme' })
    .filter((each) => each.isWellFormed() && each.length <= maxLength);

const envelopes: fc.Arbitrary<Envelope> = fc
  .record({
    id: text(100),
    type: text(100).filter((type) => type !== 'bus.unreadable'),
    source: text(100),
    subject: text(200),
    time: fc
      .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString()),
    tenant: fc.option(text(64)),
    mode: fc.constantFrom('test' as const, 'live' as const),
    schema: fc.integer({ min: 1, max: 1_000 }),
    topic: fc.constant('events'),
    key: fc.string({ unit: 'grapheme' }).filter((key) => key.isWellFormed()),
    body: fc.jsonValue({ noUnicodeString: false }).map((body) => JSON.parse(JSON.stringify(body)) as unknown),
    traceparent: fc.option(text(100), { nil: undefined }),
  })
  .map(({ traceparent, ...envelope }) => (traceparent === undefined ? envelope : { ...envelope, traceparent }));

describe('a message on its way over Kafka', () => {
  it('arrives as it was sent', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        const arrived = fromKafkaMessage({ topic: 'events', partition: 1 }, carried(toKafkaMessage(envelope)));
        expect(arrived).toEqual(envelope);
      }),
    );
  });

  it('comes as a stand-in with the reason where it cannot be read, whatever it is, and never throws', () => {
    const bytes = fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array));
    const strange = fc.record({
      key: fc.option(bytes),
      value: fc.option(bytes),
      headers: fc.dictionary(fc.constantFrom('ce_id', 'ce_type', 'tenant', 'schema', '__proto__'), bytes),
      timestamp: fc.constantFrom('', '-1', 'x', '99999999999999999999', '0'),
      attributes: fc.constant(0),
      offset: fc.constant('3'),
    });
    fc.assert(
      fc.property(strange, (found) => {
        const arrived = fromKafkaMessage({ topic: 'events', partition: 1 }, found);
        expect(whyUnreadable(arrived)).toMatch(/headers|JSON/);
        // It can travel on like any other message, or it could not be kept as a dead letter.
        expect(fromKafkaMessage({ topic: 'events', partition: 1 }, carried(toKafkaMessage(arrived)))).toEqual(arrived);
      }),
    );
  });
});

describe('a parked message', () => {
  const envelope: Envelope = {
    id: 'msg_1',
    type: 'payment.invented',
    source: 'gateway',
    subject: 'pay_1',
    time: '2026-11-22T10:00:00.000Z',
    tenant: null,
    mode: 'test',
    schema: 1,
    topic: 'commands.kaspi',
    key: 'lane',
    body: { amount: 149_000 },
  };
  const parked = (more: Partial<Parked> = {}): Parked => ({ envelope, tries: 3, atMs: 1_000_000, by: 'me', ...more });

  it('keeps the topic that it came from, its tries and who parked it', () => {
    const there = carried(toParkedMessage(parked()));
    expect(fromParkedMessage({ topic: 'parked.kaspi', partition: 0 }, there)).toEqual(parked());
  });

  it('is tried again after a second, then after twice as long each time, up to five minutes', () => {
    const pauses = [1, 2, 3, 9, 10, 50].map((tries) => dueAtMs(parked({ tries }), 'me') - 1_000_000);
    expect(pauses).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
  });

  it('is tried at once by another than the one who parked it, and where nobody has tried it yet', () => {
    expect(dueAtMs(parked({ by: 'another release' }), 'me')).toBe(0);
    expect(dueAtMs(parked({ tries: 0, by: '' }), '')).toBe(0);
  });
});
