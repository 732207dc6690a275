import { createHmac } from 'node:crypto';

/** Bytes of a secret; Standard Webhooks 1.0 asks for 24 to 64. */
export const SECRET_BYTES = 32;

/** A secret as its owner keeps it: `whsec_` and base64. */
export function webhookSecret(bytes: Uint8Array): string {
  return `whsec_${Buffer.from(bytes).toString('base64')}`;
}

/**
 * The headers of Standard Webhooks 1.0 over a body: whoever holds one of the secrets can tell that it is ours, whole, and of
 * today. Two secrets while one replaces the other, with a space between their signatures.
 * @param id of the event: the same in every repetition
 */
export function webhookHeaders(
  id: string,
  nowMs: number,
  body: string,
  secrets: readonly string[],
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const signatures = secrets.map((secret) => `v1,${signatureOf(`${id}.${timestamp}.${body}`, secret)}`);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

function signatureOf(text: string, secret: string): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return createHmac('sha256', key).update(text).digest('base64');
}
