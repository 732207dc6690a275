const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{3,99}$/;
/** Somebody who sends a key as the request id must not find it in our logs. */
const LOOKS_LIKE_A_KEY = /tlm_(live|test|op)_/;
/** A phone of Kazakhstan or Russia without its plus; as the id of a request it would be in every line about it. */
const LOOKS_LIKE_A_PHONE = /^[78](?:[._:-]{0,2}\d){10}$/;

/**
 * The W3C trace context of one request: the caller's trace where it sent a valid one, else a trace of its own; always a
 * span of our own.
 */
export function traceparentOf(incoming: string | undefined, randomBytes: (n: number) => Uint8Array): string {
  const match = TRACEPARENT.exec(incoming ?? '');
  const trace = match?.[1] !== undefined && !/^0+$/.test(match[1]) ? match[1] : hex(randomBytes(16));
  return `00-${trace}-${hex(randomBytes(8))}-${match?.[3] ?? '00'}`;
}

/** The caller's own id of a request where it is short, printable and neither a key nor a phone, else undefined. */
export function saneRequestId(incoming: unknown): string | undefined {
  if (typeof incoming !== 'string' || !REQUEST_ID.test(incoming)) return undefined;
  return LOOKS_LIKE_A_KEY.test(incoming) || LOOKS_LIKE_A_PHONE.test(incoming) ? undefined : incoming;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
