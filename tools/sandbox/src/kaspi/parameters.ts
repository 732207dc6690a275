import { z } from 'zod';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const flatObject = z.record(z.string(), scalar);

/** Parameters with lower-case names, as every method reads them. */
export type Parameters = Readonly<Record<string, string | number | boolean | null>>;

/** A request that the bank cannot even read; answered with HTTP 400 and a lower-case `message`. */
export class UnreadableRequest extends Error {}

/**
 * Names in any casing are accepted (kaspi-qr.md §13.3).
 * ASSUMPTION: the same name twice, a nested value or no object at all is a request that cannot be read.
 */
export function lowerCaseParameters(source: unknown): Parameters {
  const flat = flatObject.safeParse(source);
  if (!flat.success) throw new UnreadableRequest('The body must be a JSON object with plain values.');
  return collect(Object.entries(flat.data));
}

export function queryParameters(query: URLSearchParams): Parameters {
  return collect([...query.entries()]);
}

function collect(entries: [string, string | number | boolean | null][]): Parameters {
  const collected: Record<string, string | number | boolean | null> = {};
  for (const [name, value] of entries) {
    const key = name.toLowerCase();
    if (Object.hasOwn(collected, key)) throw new UnreadableRequest(`The parameter ${name} occurs twice.`);
    collected[key] = value;
  }
  return collected;
}

/** Texts; a token sent as a number is read as its text (kaspi-qr.md §13.3). */
export const textParameter = z.union([z.string().min(1).max(200), z.number()]).transform(String);

/** An Int64 as a number or a text; ids that no purchase can have become -1. */
export const idParameter = z
  .union([z.int(), z.string().regex(/^\s*\d{1,19}\s*$/)])
  .transform((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : -1));

/** A Double in tenge as a number or a text; whether it is a sum of money is the method's question. */
export const amountParameter = z.union([z.number(), z.string().max(40)]);

export const binParameter = z.union([z.string().max(40), z.number()]).transform(String);
