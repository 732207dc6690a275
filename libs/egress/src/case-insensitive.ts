import { MAX_JSON_DEPTH } from './parse-json-exact.ts';

/**
 * A copy of a parsed JSON value in which all object keys are lower-case, for providers whose spelling of names varies
 * between methods. When two keys differ only by case the last one wins, as it does in JSON itself for keys that are
 * equal: so a repeated key means the same, however it is spelled.
 * @throws RangeError for values nested deeper than parseJsonExact lets through.
 */
export function caseInsensitive(value: unknown): unknown {
  return lowered(value, 0);
}

function lowered(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_JSON_DEPTH) throw new RangeError(`nested deeper than ${MAX_JSON_DEPTH}`);
  if (Array.isArray(value)) return value.map((item) => lowered(item, depth + 1));
  // fromEntries defines properties and never sets them, so a key `__proto__` stays a plain key.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toLowerCase(), lowered(item, depth + 1)]));
}
