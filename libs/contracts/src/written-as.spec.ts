import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { asWritten, writtenAs } from './written-as.ts';

const accepts = (schema: z.core.$ZodType, value: unknown): boolean => z.safeParse(schema, value).success;

describe("the producer's side of a schema", () => {
  it('closes objects inside lists, optional and nullable fields', () => {
    const inner = z.object({ a: z.number() });
    const written = asWritten(z.object({ list: z.array(inner), maybe: inner.optional(), none: inner.nullable() }));
    const good = { list: [{ a: 1 }], maybe: { a: 1 }, none: null };
    expect(accepts(written, good)).toBe(true);
    expect(accepts(written, { list: [], none: { a: 1 } })).toBe(true);
    expect(accepts(written, { ...good, list: [{ a: 1, b: 2 }] })).toBe(false);
    expect(accepts(written, { ...good, maybe: { a: 1, b: 2 } })).toBe(false);
    expect(accepts(written, { ...good, none: { a: 1, b: 2 } })).toBe(false);
  });

  it('keeps the limits of lists and the checks of objects', () => {
    const even = z.object({ a: z.array(z.number()).max(2) }).refine(({ a }) => a.length % 2 === 0);
    const written = asWritten(even);
    expect(accepts(written, { a: [1, 2] })).toBe(true);
    expect(accepts(written, { a: [1] })).toBe(false);
    expect(accepts(written, { a: [1, 2, 3, 4] })).toBe(false);
  });

  it('is exact where the consumer reads generously, and leaves the consumer as it was', () => {
    const generous = z.string().transform((text) => (text === 'on' ? text : null));
    writtenAs(generous, z.literal('on'));
    const read = z.object({ switch: generous.nullable() });
    const written = asWritten(read);
    expect(accepts(written, { switch: 'on' })).toBe(true);
    expect(accepts(written, { switch: 'dimmed' })).toBe(false);
    expect(read.parse({ switch: 'dimmed', more: 1 })).toEqual({ switch: null });
  });
});
