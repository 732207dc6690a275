import { MASK, maskedProperties } from './mask-properties.ts';
import { isSecretKey } from './secret-keys.ts';

/** Longer texts are cut: a log line is not the place for a document. In UTF-16 units. */
export const MAX_TEXT_LENGTH = 8_192;

/**
 * Removes from a text what must not be logged, however it came there: our API keys, PEM blocks, bearer and basic
 * credentials, passwords in addresses, phone numbers that begin with `+`, and values of secret names in JSON
 * (`"token":"…"`), also inside a quoted JSON text, and in queries (`token=…`). A phone without `+` looks like many an
 * id and is known by its key only.
 * The result is cut at MAX_TEXT_LENGTH; every expression runs in linear time on what is left.
 */
export function scrubText(text: string): string {
  const cut = text.length > MAX_TEXT_LENGTH;
  const scrubbed = maskedProperties(cut ? text.slice(0, MAX_TEXT_LENGTH) : text)
    // A block that was cut has no end; then everything to the end of the text goes.
    .replace(/-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|$)/g, '[PEM masked]')
    .replace(/tlm_(live|test|op)_[A-Za-z0-9_-]*/g, `tlm_$1_${MASK}`)
    .replace(/\b(Bearer)\s+[A-Za-z0-9._~+/=-]+/gi, `$1 ${MASK}`)
    // The word is an ordinary one; only what is long enough to be a user and a password goes.
    .replace(/\b(Basic)\s+[A-Za-z0-9+/]{12,}={0,2}/g, `$1 ${MASK}`)
    // E.164, with the spaces, brackets and hyphens that people put between the digits (no-break spaces too).
    .replace(/(\+|%2B)[1-9](?:[\s().-]{0,2}\d){9,14}/gi, `$1${MASK}`)
    .replace(/:\/\/[^\s/@"']{1,300}@/g, `://${MASK}@`)
    .replace(/(?<![\w.-])([A-Za-z][\w.-]{0,60})=([^\s&;,"'\\]+)/g, (whole, key: string) =>
      isSecretKey(key) ? `${key}=${MASK}` : whole,
    );
  return cut ? `${scrubbed}… (${text.length} characters)` : scrubbed;
}
