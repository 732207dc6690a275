/**
 * Ids of the bank are Int64 (eleven digits today, 32 bits have been too few already). We keep them as exact decimal
 * text without leading zeros; 0 is a framework's empty value and no id.
 */

const INT64_MAX = 2n ** 63n - 1n;

export function isBankId(text: string): boolean {
  return /^[1-9]\d{0,18}$/.test(text) && BigInt(text) <= INT64_MAX;
}

/**
 * The id as `JSON.stringify` must write it: a number, the documented type, with every digit. A number of JavaScript
 * would round the last digits beyond 2^53. Null for what is no id; such a call is never sent.
 */
export function bankIdAsJson(id: string): unknown {
  return isBankId(id) ? rawJson(id) : null;
}

/** `JSON.rawJSON` (Node 22 and later) is not in TypeScript's library yet. */
function rawJson(text: string): unknown {
  return (JSON as JSON & { rawJSON(text: string): unknown }).rawJSON(text);
}
