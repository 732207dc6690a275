import { createHash } from 'node:crypto';

const FIRST_NAMES = ['Айгерим', 'Нұрлан', 'Динара', 'Ерлан', 'Әсел', 'Тимур', 'Гульнара', 'Арман'];
const LAST_NAMES = ['Ахметова', 'Сапаров', 'Қасымова', 'Жумабаев', 'Оспанова', 'Ким', 'Байжанова', 'Серікұлы'];
const ENDS_OF_STRANGERS = '0000';

export type Payer = { kind: 'client'; name: string } | { kind: 'stranger' } | { kind: 'bad_number' };

/**
 * Whom a phone number belongs to (Kaspi QR v3.9 §4.6.1; kaspi-qr.md §8.1): 11 digits beginning with 7 or 8, which name
 * the same person. The name is made from the number, so that it is the same after a restart.
 * ASSUMPTION: a number that ends in 0000 belongs to nobody who has the bank's app.
 */
export function payerOf(phoneNumber: string): Payer {
  if (!/^[78]\d{10}$/.test(phoneNumber)) return { kind: 'bad_number' };
  const subscriber = phoneNumber.slice(1);
  if (subscriber.endsWith(ENDS_OF_STRANGERS)) return { kind: 'stranger' };
  const digest = createHash('sha256').update(subscriber).digest();
  const first = FIRST_NAMES[digest.readUInt8(0) % FIRST_NAMES.length] ?? '';
  const last = LAST_NAMES[digest.readUInt8(1) % LAST_NAMES.length] ?? '';
  return { kind: 'client', name: `${first} ${last}` };
}
