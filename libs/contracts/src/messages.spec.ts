import { describe, expect, it } from '@jest/globals';
import { PAYMENT_STATUSES } from '@tolem/domain';
import { COMMANDS } from './commands.ts';
import { EVENTS, paymentProgress, paymentState } from './events.ts';
import { MESSAGE_EXAMPLES } from './message-examples.ts';

const ID = '01kqz7m5y8e3vs6w0c9d4hj2fx';
const AT = MESSAGE_EXAMPLES['payment.start']['start_by'];

const bodies: Readonly<Record<string, Readonly<Record<string, unknown>>>> = MESSAGE_EXAMPLES;

type Path = readonly (string | number)[];

/** Every place in a JSON value, the value itself first. */
function placesIn(value: unknown, at: Path = []): { at: Path; value: unknown }[] {
  const below = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const step = (key: string): string | number => (Array.isArray(value) ? Number(key) : key);
  return [{ at, value }, ...below.flatMap(([key, child]) => placesIn(child, [...at, step(key)]))];
}

/** A copy of a JSON value with another value at one place. */
function withAt(value: unknown, at: Path, replacement: unknown): unknown {
  const [key, ...rest] = at;
  if (key === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((child, index) => (index === key ? withAt(child, rest, replacement) : child));
  const object = value as Record<string, unknown>;
  return { ...object, [key]: withAt(object[key], rest, replacement) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** Fields that are open by contract: the provider's own options and words. */
const isOpen = (at: Path): boolean => at[0] === 'options' || at[0] === 'slip';

describe.each([...COMMANDS, ...EVENTS].map((definition) => [definition.type, definition] as const))(
  '%s',
  (type, definition) => {
    const body = bodies[type] ?? {};
    const places = placesIn(body).filter(({ at }) => !isOpen(at));

    it('accepts a full message on both sides and changes nothing in it', () => {
      expect(definition.produce.parse(body)).toEqual(body);
      expect(definition.consume.parse(body)).toEqual(body);
    });

    it('lets a producer write no field that the contract does not name, at any depth', () => {
      for (const { at, value } of places.filter((place) => isObject(place.value))) {
        const wrong = withAt(body, at, { ...(value as object), surprise: 1 });
        expect([at, definition.produce.safeParse(wrong).success]).toEqual([at, false]);
      }
    });

    it('lets a consumer read past fields that a later release added, at any depth', () => {
      for (const { at, value } of places.filter((place) => isObject(place.value))) {
        expect(definition.consume.parse(withAt(body, at, { ...(value as object), surprise: 1 }))).toEqual(body);
      }
    });

    it('demands every field that is not marked as optional', () => {
      const optional = [
        'after',
        'qr',
        'link',
        'purchases',
        'expires_at',
        ...(type === 'payment.start' ? ['sealed'] : []),
      ];
      const required = Object.keys(body).filter((key) => !optional.includes(key) || type === 'payment.progress');
      for (const key of required) {
        const { [key]: _dropped, ...rest } = body;
        expect([key, definition.consume.safeParse(rest).success]).toEqual([key, false]);
      }
    });

    it('refuses fractions, negative and unsafe numbers, and numbers written as text', () => {
      for (const { at, value } of places.filter((place) => typeof place.value === 'number')) {
        for (const wrong of [Number(value) + 0.5, -1, 2 ** 53, String(value), Number.NaN, null]) {
          if (wrong === null && at[0] === 'amount') continue; // some methods learn the amount later
          const message = withAt(body, at, wrong);
          expect([at, wrong, definition.consume.safeParse(message).success]).toEqual([at, wrong, false]);
        }
      }
    });

    it('refuses ids that are not ours: bare UUIDs, unknown prefixes, empty and endless ones', () => {
      const ids = places.filter(({ at }) => /^(subject|connection|device|credential)_id$/.test(String(at[0])));
      expect(ids.length).toBeGreaterThan(0);
      for (const { at } of ids) {
        for (const wrong of [
          '',
          '0193a1b2-0000-7000-8000-000000000000',
          `usr_${ID}`,
          `pay_${'0'.repeat(70)}`,
          'pay_',
          `PAY_${ID}`,
          7,
        ]) {
          expect([at, wrong, definition.consume.safeParse(withAt(body, at, wrong)).success]).toEqual([
            at,
            wrong,
            false,
          ]);
        }
      }
    });

    it('refuses moments that are not RFC 3339 in UTC', () => {
      for (const { at } of places.filter((place) => place.value === AT)) {
        for (const wrong of [
          '2026-11-22',
          '22.11.2026 10:00',
          '2026-11-22T10:00:00',
          '2026-11-22T10:00:00+05:00',
          1_795_000_000,
        ]) {
          expect([at, wrong, definition.consume.safeParse(withAt(body, at, wrong)).success]).toEqual([
            at,
            wrong,
            false,
          ]);
        }
      }
    });

    it('bounds every text and every list, so that a message stays small', () => {
      for (const { at } of places.filter((place) => typeof place.value === 'string')) {
        const huge = withAt(body, at, 'a'.repeat(10_000));
        expect([at, definition.consume.safeParse(huge).success]).toEqual([at, false]);
      }
      for (const name of ['options', 'slip'].filter((open) => open in body)) {
        const open = (count: number): unknown =>
          withAt(
            body,
            [name],
            Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, 'a'.repeat(400)])),
          );
        expect([
          name,
          definition.consume.safeParse(open(30)).success,
          definition.consume.safeParse(open(60)).success,
        ]).toEqual([name, true, false]);
      }
      for (const { at, value } of places.filter((place) => Array.isArray(place.value))) {
        const endless = withAt(
          body,
          at,
          Array.from({ length: 5_001 }, () => (value as unknown[])[0]),
        );
        expect([at, definition.consume.safeParse(endless).success]).toEqual([at, false]);
      }
    });
  },
);

describe('the phase of a payment', () => {
  const state = bodies['payment.state'];
  const progress = bodies['payment.progress'];

  it.each(PAYMENT_STATUSES)('%s reads as itself', (phase) => {
    expect(paymentState.consume.parse({ ...state, phase }).phase).toBe(phase);
    expect(paymentProgress.consume.parse({ ...progress, phase }).phase).toBe(phase);
  });

  it('reads as null, which is still pending, where a later release knows more phases than this one', () => {
    expect(paymentState.consume.parse({ ...state, phase: 'refund_pending' }).phase).toBeNull();
    expect(paymentState.consume.parse({ ...state, phase: 'constructor' }).phase).toBeNull();
    expect(paymentProgress.consume.parse({ ...progress, phase: '' }).phase).toBeNull();
  });

  it('is written by producers only as one that this release knows', () => {
    expect(paymentState.produce.safeParse({ ...state, phase: 'refund_pending' }).success).toBe(false);
    expect(paymentProgress.produce.safeParse({ ...progress, phase: 'Succeeded' }).success).toBe(false);
  });

  it('is not read out of something that is no text', () => {
    expect(paymentState.consume.safeParse({ ...state, phase: 1 }).success).toBe(false);
    expect(paymentState.consume.safeParse({ ...state, phase: null }).success).toBe(false);
  });
});

describe('an amount to start a payment with', () => {
  it('is positive or left open, never zero', () => {
    const [start] = COMMANDS;
    expect(start.produce.safeParse({ ...bodies['payment.start'], amount: 0 }).success).toBe(false);
    expect(start.produce.safeParse({ ...bodies['payment.start'], amount: 1 }).success).toBe(true);
    expect(start.produce.safeParse({ ...bodies['payment.start'], amount: null }).success).toBe(true);
  });
});

describe('the set of messages', () => {
  it('names every type once', () => {
    const types = [...COMMANDS, ...EVENTS].map((definition) => definition.type);
    expect(new Set(types).size).toBe(types.length);
  });

  it('has a full example of every type', () => {
    expect(Object.keys(bodies).sort()).toEqual(
      [...COMMANDS, ...EVENTS].map((definition) => String(definition.type)).sort(),
    );
  });
});
