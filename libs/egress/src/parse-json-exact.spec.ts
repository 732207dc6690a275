import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { caseInsensitive, MAX_JSON_DEPTH, parseJsonExact } from './index.ts';

describe('parseJsonExact', () => {
  it('gives every whole number exactly, as bigint only where a number would round', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (big) => {
        const safe = big >= BigInt(Number.MIN_SAFE_INTEGER) && big <= BigInt(Number.MAX_SAFE_INTEGER);
        const expected = safe ? Number(big) : big;
        expect(parseJsonExact(`{"id":${big},"list":[${big}]}`)).toEqual({
          ok: true,
          value: { id: expected, list: [expected] },
        });
      }),
    );
    expect(parseJsonExact('9007199254740993')).toEqual({ ok: true, value: 9007199254740993n });
  });

  it('agrees with JSON.parse on everything without large numbers', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        fc.pre(!/\d{16}/.test(text));
        expect(parseJsonExact(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  it('leaves fractions, exponents and digits in strings as they are', () => {
    const text = '{"a":1490.10,"b":1e20,"c":"90071992547409930","d":90071992547409930}';
    expect(parseJsonExact(text)).toEqual({
      ok: true,
      value: { a: 1490.1, b: 1e20, c: '90071992547409930', d: 90071992547409930n },
    });
  });

  it('never throws and never quotes what it was given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (noise) => {
        const result = parseJsonExact(`{"pan":"4400 1111",${noise}`);
        expect(result.ok).toBe(false);
        expect(JSON.stringify(result)).not.toContain('4400');
      }),
    );
  });

  it(`accepts nesting of ${MAX_JSON_DEPTH} and refuses more, however deep`, () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseJsonExact(nested(MAX_JSON_DEPTH)).ok).toBe(true);
    expect(parseJsonExact(nested(MAX_JSON_DEPTH + 1))).toEqual({ ok: false, detail: 'nested deeper than 64' });
    expect(parseJsonExact(nested(500_000)).ok).toBe(false);
    expect(parseJsonExact(JSON.stringify('['.repeat(1000) + '"')).ok).toBe(true);
  });

  it('refuses a number with more digits than anybody needs', () => {
    expect(parseJsonExact('9'.repeat(100)).ok).toBe(true);
    expect(parseJsonExact('9'.repeat(200_000)).ok).toBe(false);
  });

  it('a repeated key keeps its last value, a byte order mark is skipped, __proto__ is a plain key', () => {
    expect(parseJsonExact('\uFEFF{"a":1,"a":2}')).toEqual({ ok: true, value: { a: 2 } });
    const result = parseJsonExact('{"__proto__":{"admin":true},"id":12345678901234567890}');
    expect(result.ok && Object.hasOwn(result.value as object, '__proto__')).toBe(true);
    expect(result.ok && (result.value as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe('caseInsensitive', () => {
  it('finds every key by its lower-case name, whatever the spelling, and changes no value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[A-Za-z]{1,6}$/), fc.string()), (original) => {
        const copy = caseInsensitive({ Outer: [original] }) as { outer: Record<string, string>[] };
        const inner = copy.outer[0] ?? {};
        expect(Object.keys(inner).sort()).toEqual(
          [...new Set(Object.keys(original).map((k) => k.toLowerCase()))].sort(),
        );
        expect(Object.values(original)).toEqual(expect.arrayContaining(Object.values(inner)));
      }),
    );
  });

  it('of keys that differ only by case the last one wins, as for equal keys in JSON', () => {
    expect(caseInsensitive({ Status: 'Wait', STATUS: 'Processed' })).toEqual({ status: 'Processed' });
  });

  it('keeps bigint, null and arrays, and cannot be used to reach a prototype', () => {
    expect(caseInsensitive({ Id: 1n, A: [null, { B: false }] })).toEqual({ id: 1n, a: [null, { b: false }] });
    const copy = caseInsensitive(JSON.parse('{"__PROTO__":{"admin":true}}')) as { admin?: boolean };
    expect(copy.admin).toBeUndefined();
  });

  it('refuses nesting without end', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(() => caseInsensitive(loop)).toThrow(RangeError);
  });
});
