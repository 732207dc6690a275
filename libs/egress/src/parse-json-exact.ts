/** Deeper nesting is refused: no provider needs it, and readers that recurse need a bound. */
export const MAX_JSON_DEPTH = 64;

/** A whole number with more digits is refused: turning it into a bigint costs the square of its length. */
const MAX_INTEGER_DIGITS = 100;

export type JsonResult = { ok: true; value: unknown } | { ok: false; detail: string };

/** The third argument is there since V8 11.4 and not yet in the types of ES2024. */
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

/**
 * Parses JSON without rounding: whole numbers beyond ±(2^53 − 1) arrive as bigint, all others as number. A key that
 * occurs twice keeps its last value. A byte order mark is skipped. `detail` never quotes the text.
 */
export function parseJsonExact(text: string): JsonResult {
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (depthOf(json) > MAX_JSON_DEPTH) return { ok: false, detail: `nested deeper than ${MAX_JSON_DEPTH}` };
  try {
    // Only a run of 16 digits can be a number that a double does not hold; most texts have none and parse faster.
    const value: unknown = /\d{16}/.test(json) ? parseWithSource(json, exactNumber) : JSON.parse(json);
    return { ok: true, value };
  } catch (error) {
    return { ok: false, detail: error instanceof TooManyDigits ? error.message : 'not JSON' };
  }
}

class TooManyDigits extends Error {}

function exactNumber(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context.source === undefined) return value;
  if (!/^-?\d+$/.test(context.source)) return value;
  if (context.source.length > MAX_INTEGER_DIGITS) {
    throw new TooManyDigits(`a number of more than ${MAX_INTEGER_DIGITS} digits`);
  }
  return BigInt(context.source);
}

/** Depth of brackets outside strings; stops counting one past the bound. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < json.length && deepest <= MAX_JSON_DEPTH; at += 1) {
    const char = json[at];
    if (inString) {
      if (char === '\\') at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') deepest = Math.max(deepest, (depth += 1));
    else if (char === '}' || char === ']') depth -= 1;
  }
  return deepest;
}
