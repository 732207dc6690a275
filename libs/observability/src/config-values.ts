import { z } from 'zod';

/** A whole number written in decimal digits; unlike `z.coerce.number()` it takes neither `''` nor `1e3` nor `0x10`. */
export function wholeNumber(bounds: { min: number; max: number }): z.ZodType<number> {
  return z
    .string()
    .regex(/^-?\d{1,15}$/, 'is not a whole number')
    .transform(Number)
    .pipe(z.int().min(bounds.min, `is less than ${bounds.min}`).max(bounds.max, `is more than ${bounds.max}`));
}

/** `true`, `yes`, `on`, `1` or `false`, `no`, `off`, `0`, in any case. */
export function yesNo(): z.ZodType<boolean> {
  return z.stringbool({
    truthy: ['true', 'yes', 'on', '1'],
    falsy: ['false', 'no', 'off', '0'],
    error: 'is neither true nor false',
  });
}

export function oneOf<const T extends readonly [string, ...string[]]>(words: T): z.ZodType<T[number]> {
  return z.enum(words, { error: `is none of ${words.join(', ')}` });
}

/** `a, b,c` → `['a', 'b', 'c']`; empty parts are dropped, at most 1000 are taken. */
export function commaList(): z.ZodType<string[]> {
  return z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(z.string()).max(1000, 'has more than 1000 parts'));
}

export function plainText(bounds: { max: number } = { max: 4096 }): z.ZodType<string> {
  return z.string().max(bounds.max, `is longer than ${bounds.max} characters`);
}

/** An address with one of these protocols, given without colon: `['https']`. */
export function address(protocols: readonly string[]): z.ZodType<string> {
  return z.string().refine((text) => protocols.includes(URL.parse(text)?.protocol.slice(0, -1) ?? ''), {
    error: `is no address that begins with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
  });
}
