import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Sandbox } from '@tolem/sandbox';
import type { Forbidden } from '@tolem/testing';

/** Whoever holds one of these can act in somebody's name: they are nowhere but in the vault, encrypted, or as a hash. */
export const SECRET = {
  operatorKey: `tlm_op_${'0pErAt0rK3yPlanted'.repeat(3)}`,
  masterKey: Buffer.from('planted master key of 32 bytes!!').toString('base64'),
  passPhrase: 'правильная лошадь 4711 скрепка',
  bankApiKey: 'kAsPi-ApI-kEy-0123456789-pLaNtEd',
  /** Of the PFX in the tests of egress. */
  pfxPassPhrase: 'secret-4711',
  wrongPassPhrase: 'неправильная лошадь 4712',
  strayToken: 'c0ffee00-dead-4bad-8bad-c0ffee00f00d',
} as const;

/** About people, sent where nobody asked for it: refused or ignored, and not kept anywhere. */
export const STRAY = {
  phone: '+77015550041',
  phoneWithoutPlus: '77015550042',
  phoneWithGaps: '+7 (701) 555-00-43',
  name: 'Тулегенова Айгерим Болатовна',
  latinName: 'Aigerim Tulegenova-Bolat',
  barcode: '4870207312345',
} as const;

/** About people, sent where it belongs: to the bank. Kept nowhere but sealed, and shown to nobody again. */
export const PERSONAL = {
  invoicePhone: '+77015550061',
  strangersPhone: '+77015550000',
  brokenPhone: '+77015550062',
  refusedPhone: '+77015550063',
  lookedUpPhone: '+77015550064',
  invoiceComment: 'Мектеп формасы, Сейтқалиева Аружан',
  refusedComment: 'Оплата за Бекмуратова Т. С.',
} as const;

/** More words of the chain, of refunds, imports, certificates and addresses. */
export const MORE = {
  refundReason: 'вернула Досжанова Гульнара, 77015550071',
  refundReference: 'refund-77015550072-Doszhanova',
  importReference: 'import-77015550073-Iskakova',
  bulkName: 'ИП Калиев Ерболат Маратович',
  email: 'kaliyev.yerbolat@chain.example',
  attentionReason: 'кассир Ибраева Меруерт позвонила в банк',
  attentionEvidence: 'письмо банка от Нурпеисова А. Б., 77015550074',
  hookToken: '0ddba11-hook-4bad-8bad-0ddba1100001',
} as const;

/** The chain's own words: kept with its payments and shown to it again, but no business of logs, traces and metrics. */
export const OWN = {
  reference: 'order +77015550021 Yerzhanova',
  idempotencyKey: 'sale-+77015550022-Ospanov-Daniyar',
  buyerName: 'Ержанова Сауле Кайратовна',
  buyerPhone: '+77015550023',
  desk: 'касса Ахметовой 77015550024',
  shopName: 'ИП Байжанов Нурлан Серикович',
  refusedShopName: 'ИП Сагинтаева Мадина Ерлановна',
  refusedReference: 'order-77015550025-Zhumabekova',
  stuckReference: 'order-77015550026-Kenzhebekova',
  voidedKey: 'void-77015550027-Abdrakhmanova',
} as const;

/** In messages on the bus that nobody can read; what is kept of them is their own dead letter and no word elsewhere. */
export const ON_THE_BUS = {
  busPhone: '+77015550051',
  busName: 'Нургалиева Динара Асхатовна',
  busToken: '5ca1ab1e-0000-4bad-8bad-5ca1ab1e0001',
} as const;

export function forbidden(values: Readonly<Record<string, string>>): Forbidden[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/** A key with its last but one character mistyped. */
export function mistyped(key: string): string {
  const at = key.length - 2;
  return `${key.slice(0, at)}${key[at] === 'x' ? 'y' : 'x'}${key.slice(at + 1)}`;
}

export interface PlantedCertificate {
  readonly certificate: string;
  readonly ca: string;
  readonly plainKey: string;
  readonly encryptedKey: string;
  readonly foreignCertificate: string;
  readonly foreignKey: string;
}

/** The certificates of the simulated bank, the key of ours under the pass phrase as well. */
export function certificatesOf(tls: Sandbox['tls']): PlantedCertificate {
  const text = (path: string): string => readFileSync(path, 'utf8');
  const plainKey = text(tls.key);
  return {
    certificate: text(tls.cert),
    ca: text(tls.ca),
    plainKey,
    encryptedKey: createPrivateKey(plainKey)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: SECRET.passPhrase })
      .toString(),
    foreignCertificate: text(tls.foreignCert),
    foreignKey: text(tls.foreignKey),
  };
}
