/**
 * Every method of the bank's interface as data (Kaspi QR v3.9, the list of section 4 of its reference): the path is its
 * name. What a scheme makes of a method stands in schemes.ts.
 */

/**
 * What a call does to the world, and so what a lost answer to it means. `read` changes nothing. `repeatable` changes
 * something and may be sent again. `orphanable` makes something that hurts nobody when nobody has seen it. `critical`
 * moves money or reaches a buyer: never sent again blindly.
 */
export type KaspiEffect = 'read' | 'repeatable' | 'orphanable' | 'critical';

/** Which of the three time limits of the client holds for a call. */
export type KaspiTimeLimit = 'read' | 'start' | 'write';

export interface KaspiMethodRow {
  readonly verb: 'GET' | 'POST';
  readonly effect: KaspiEffect;
  readonly timeLimit: KaspiTimeLimit;
  readonly maxAnswerBytes: number;
  /** Acts in the buyer's place: never called where real money is. */
  readonly testContourOnly: boolean;
}

const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_LIST_BYTES = 1024 * 1024; // A chain has hundreds of trade points, each with name and address.

const question = method('GET', 'read', 'read');
const emulator = { ...method('POST', 'repeatable', 'write'), testContourOnly: true };

export const KASPI_METHODS = {
  'partner/tradepoints': { ...question, maxAnswerBytes: MAX_LIST_BYTES },
  'device/register': method('POST', 'repeatable', 'start'),
  'device/delete': method('POST', 'repeatable', 'start'),
  'qr/create': method('POST', 'orphanable', 'start'),
  'qr/create-link': method('POST', 'orphanable', 'start'),
  'payment/status': question,
  'return/create': method('POST', 'orphanable', 'start'),
  'return/status': question,
  // A question in spite of its verb: it only lists.
  'return/operations': method('POST', 'read', 'read'),
  'payment/details': question,
  'payment/return': method('POST', 'critical', 'write'),
  'remote/client-info': question,
  // A start, but giving up on it early would leave more invoices in doubt; it has a minute to begin.
  'remote/create': method('POST', 'critical', 'write'),
  // ASSUMPTION: cancelling twice does no harm; the document does not say what the second answer is.
  'remote/cancel': method('POST', 'repeatable', 'write'),
  'health/ping': question,
  'test/payment/scan': emulator,
  'test/payment/confirm': emulator,
  'test/payment/scanerror': emulator,
  'test/payment/confirmerror': emulator,
} as const satisfies Readonly<Record<string, KaspiMethodRow>>;

export type KaspiMethod = keyof typeof KASPI_METHODS;

export const KASPI_METHOD_NAMES = Object.keys(KASPI_METHODS) as readonly KaspiMethod[];

function method(verb: KaspiMethodRow['verb'], effect: KaspiEffect, timeLimit: KaspiTimeLimit): KaspiMethodRow {
  return { verb, effect, timeLimit, maxAnswerBytes: MAX_ANSWER_BYTES, testContourOnly: false };
}
