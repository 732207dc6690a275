import { createHash } from 'node:crypto';
import { checkBinIin } from '@tolem/domain';

export interface TradePoint {
  readonly id: number;
  /** As the cashier knows it, with the address in brackets (Kaspi QR v3.9 §4.1). */
  readonly name: string;
}

export type Organization = { kind: 'registered'; tradePoints: readonly TradePoint[] } | { kind: 'not_registered' };

const NOT_REGISTERED = '260141000010';
const WITHOUT_TRADE_POINTS = '260252000034';
const TRADE_POINTS_EACH = 3;
const REMEMBERED = 1000;

const SHOPS = ['Магазин «Самал»', 'Супермаркет «Береке»', 'Минимаркет «Дос»', 'Павильон «Әсем»', 'Магазин у дома'];
const ADDRESSES = [
  'Алматы, Абая, 10',
  'Астана, Мәңгілік Ел, 55',
  'Шымкент, Тауке хана, 3',
  'Қарағанды, Бұқар жырау, 41',
  'Актобе, Абилкайыр хана, 7',
  'Павлодар, Сатпаева, 28',
  'Тараз, Төле би, 64',
];

const remembered = new Map<string, Organization>();

/**
 * What the bank knows about a BIN or IIN: everything with a right control digit is registered and has three trade
 * points, made from the number itself so that they are the same after a restart and for everybody.
 * ASSUMPTION: the bank verifies the control digit (unknown; a strange number is refused as "not registered").
 */
export function organizationOf(bin: string): Organization {
  const known = remembered.get(bin);
  if (known !== undefined) return known;
  const found = lookUp(bin);
  if (remembered.size >= REMEMBERED) remembered.clear();
  remembered.set(bin, found);
  return found;
}

function lookUp(bin: string): Organization {
  if (bin === NOT_REGISTERED || !checkBinIin(bin).ok) return { kind: 'not_registered' };
  if (bin === WITHOUT_TRADE_POINTS) return { kind: 'registered', tradePoints: [] };
  const digest = createHash('sha256').update(bin).digest();
  const first = (digest.readUInt32BE(0) % 300_000_000) * TRADE_POINTS_EACH + 10;
  return {
    kind: 'registered',
    tradePoints: Array.from({ length: TRADE_POINTS_EACH }, (_, index) => ({
      id: first + index,
      name: `${pick(SHOPS, digest.readUInt8(4) + index)} (${pick(ADDRESSES, digest.readUInt8(5) + index)})`,
    })),
  };
}

function pick(list: readonly string[], index: number): string {
  return list[index % list.length] ?? '';
}
