/**
 * Prefixed, time-sortable ids: a UUIDv7 (RFC 9562 §5.7) in the database, `prefix_` + 26 characters of lower-case
 * Crockford base32 outside. Both forms sort by creation time; one converts into the other without loss.
 */

import type { Clock } from './clock.ts';

export const ID_PREFIXES = [
  'ten',
  'org',
  'con',
  'tp',
  'dsk',
  'dev',
  'pay',
  'ref',
  'rcp',
  'csh',
  'evt',
  'whe',
  'whd',
  'key',
  'crt',
  'req',
  'act',
  'att',
  'msg',
  'que',
  'op',
] as const;

export type IdPrefix = (typeof ID_PREFIXES)[number];

declare const idBrand: unique symbol;

/** An id of one kind, such as `pay_06dz…`. Only this module makes them, so a refund's id cannot pass for a payment's. */
export type Id<P extends IdPrefix> = `${P}_${string}` & { readonly [idBrand]: P };

export type TenantId = Id<'ten'>;
export type OrganizationId = Id<'org'>;
export type ConnectionId = Id<'con'>;
export type TradePointId = Id<'tp'>;
export type DeskId = Id<'dsk'>;
export type DeviceId = Id<'dev'>;
export type PaymentId = Id<'pay'>;
export type RefundId = Id<'ref'>;
export type ReceiptId = Id<'rcp'>;
export type CashOperationId = Id<'csh'>;
export type EventId = Id<'evt'>;
export type WebhookEndpointId = Id<'whe'>;
export type WebhookDeliveryId = Id<'whd'>;
export type ApiKeyId = Id<'key'>;
export type CertificateId = Id<'crt'>;
export type RequestId = Id<'req'>;
export type ActionId = Id<'act'>;
export type AttentionId = Id<'att'>;
export type MessageId = Id<'msg'>;
export type QuestionId = Id<'que'>;
export type OperationId = Id<'op'>;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ENCODED_LENGTH = 26;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The public form of a UUID. Throws TypeError when `uuid` is not one: that is a bug of the caller, not bad input. */
export function idFromUuid<P extends IdPrefix>(prefix: P, uuid: string): Id<P> {
  if (!UUID.test(uuid)) throw new TypeError(`not a UUID: ${uuid.slice(0, 64)}`);
  // 26 characters hold 130 bits: the 128 of the UUID are preceded by two zero bits.
  let bits = 0;
  let bitCount = 2;
  let encoded = '';
  for (const hexDigit of uuid.replaceAll('-', '')) {
    bits = ((bits << 4) | Number.parseInt(hexDigit, 16)) & 0xff;
    bitCount += 4;
    if (bitCount >= 5) {
      bitCount -= 5;
      encoded += ALPHABET.charAt((bits >> bitCount) & 31);
    }
  }
  return `${prefix}_${encoded}` as Id<P>;
}

/** The UUID (lower case) behind a public id, or undefined for anything that is not exactly an id with this prefix. */
export function uuidFromId(prefix: IdPrefix, text: string): string | undefined {
  if (text.length !== prefix.length + 1 + ENCODED_LENGTH || !text.startsWith(`${prefix}_`)) return undefined;
  let bits = 0;
  let bitCount = -2;
  let hex = '';
  for (const character of text.slice(prefix.length + 1)) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return undefined;
    if (bitCount < 0 && value > 7) return undefined; // the first character would need more than 128 bits
    bits = ((bits << 5) | value) & 0x1ff;
    bitCount += 5;
    while (bitCount >= 4) {
      bitCount -= 4;
      hex += ((bits >> bitCount) & 15).toString(16);
    }
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `text` as an id of this kind, or undefined. For the edge, where ids arrive as text. */
export function parseId<P extends IdPrefix>(prefix: P, text: string): Id<P> | undefined {
  return uuidFromId(prefix, text) === undefined ? undefined : (text as Id<P>);
}

const RAND_B_BITS = 62n;
const RAND_B_MASK = (1n << RAND_B_BITS) - 1n;
const VARIANT = 1n << 63n;
const FRESH_TAIL_MASK = (1n << 73n) - 1n;

/**
 * Makes UUIDv7s that rise strictly, even while the clock stands still or steps back (RFC 9562 §6.2, method 2): within one
 * millisecond the 74 random bits grow by a random step of at most 2^32. A fresh tail leaves its top bit clear, so there is
 * room for 2^41 such steps and no overflow to handle. One factory per process; order between processes is by millisecond.
 */
export class IdFactory {
  private lastMs = -1;
  private tail = 0n;

  constructor(
    private readonly clock: Clock,
    private readonly randomBytes: (n: number) => Uint8Array = (n) => crypto.getRandomValues(new Uint8Array(n)),
  ) {}

  /** A UUIDv7 as lower-case text, greater than every one that this factory made before. */
  uuid(): string {
    const nowMs = Math.floor(this.clock.now());
    if (nowMs > this.lastMs) {
      this.lastMs = nowMs;
      this.tail = this.random(10) & FRESH_TAIL_MASK;
    } else {
      this.tail += 1n + this.random(4);
    }
    const time = this.lastMs.toString(16).padStart(12, '0');
    const randA = (this.tail >> RAND_B_BITS).toString(16).padStart(3, '0');
    const randB = ((this.tail & RAND_B_MASK) | VARIANT).toString(16);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${randA}-${randB.slice(0, 4)}-${randB.slice(4)}`;
  }

  next<P extends IdPrefix>(prefix: P): Id<P> {
    return idFromUuid(prefix, this.uuid());
  }

  private random(byteCount: number): bigint {
    const bytes = this.randomBytes(byteCount);
    if (bytes.length !== byteCount) throw new RangeError(`asked for ${byteCount} random bytes, got ${bytes.length}`);
    return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }
}
