import { isSecretKey } from './secret-keys.ts';

export const MASK = '***';

/** The name of a property and its colon, in a JSON text that may itself be quoted up to three times (`\"token\":`). */
const PROPERTY_NAME = /(?<!\\)(\\{0,7})"([A-Za-z][\w.-]{0,60})\1"\s{0,3}:\s{0,3}/g;

/** Replaces the values of secret names wherever a text contains JSON, whole or cut. Reads the text once. */
export function maskedProperties(text: string): string {
  let masked = '';
  let copiedTo = 0;
  const names = new RegExp(PROPERTY_NAME);
  for (let found = names.exec(text); found !== null; found = names.exec(text)) {
    const [, escape = '', name = ''] = found;
    if (!isSecretKey(name)) continue;
    masked += `${text.slice(copiedTo, names.lastIndex)}${escape}"${MASK}${escape}"`;
    copiedTo = endOfValue(text, names.lastIndex, escape.length);
    names.lastIndex = copiedTo;
  }
  return masked + text.slice(copiedTo);
}

/** Where the value that begins at `from` ends; the end of the text for a value that was cut and for objects and arrays. */
function endOfValue(text: string, from: number, backslashes: number): number {
  if (text[from] === '{' || text[from] === '[') return text.length;
  const opening = from + backslashes;
  if (text[opening] === '"') return endOfString(text, opening + 1, backslashes);
  const rest = /[\s,}\]\\"]/g;
  rest.lastIndex = from;
  return rest.exec(text)?.index ?? text.length;
}

/**
 * With n backslashes before the quotes that delimit the string, one that belongs to its content has n + (n + 1), and a
 * backslash of the content is written as 2 (n + 1); so what stands before a quote tells which of the two it is.
 */
function endOfString(text: string, from: number, backslashes: number): number {
  const unit = backslashes + 1;
  let run = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') run += 1;
    else if (text[at] === '"' && (run - backslashes) % (2 * unit) === 0) return at + 1;
    else run = 0;
  }
  return text.length;
}
