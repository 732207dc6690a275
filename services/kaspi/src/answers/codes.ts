/**
 * The bank's StatusCode values (Kaspi QR v3.9, Appendix 3 and the lists of every method) as one closed table.
 *
 * Codes are kept as decimal text: spellings in circulation such as 9900000018 do not fit into 32 bits, and nothing is
 * ever computed with them.
 */
import type { CashierKey } from '@tolem/domain';
import { ADMIN_TEXTS, type AdminText, UNEXPLAINED } from '../connections/admin-texts.ts';

/**
 * What a refusal asks of us:
 * `temporary` repeat reads, and writes only after checking; `setup` an administrator must act on the desk, the trade
 * point or the certificate; `request` this request can never work, tell the cashier; `unlisted` nobody knows what it
 * means, so for a critical write it is doubt and never proof.
 */
export type KaspiCodeClass = 'success' | 'temporary' | 'setup' | 'request' | 'unlisted';

export interface KaspiCode {
  /** Canonical spelling of the StatusCode, decimal text; for an unlisted code the text that was received. */
  readonly statusCode: string;
  readonly class: KaspiCodeClass;
  /** Stable name of the code in our own API, snake_case. */
  readonly apiCode: string;
  /** The bank's own sentence; null where the document has none and only the answer's `Message` can be shown. */
  readonly bankText: string | null;
  readonly english: string;
  /** What the till tells the cashier; null for success. */
  readonly cashierKey: CashierKey | null;
  /** What the administrator reads and can do about it; null for success. */
  readonly adminText: AdminText | null;
  /** Registering the device again may cure it: tried once, never in a circle. */
  readonly registerDeviceAgain: boolean;
  /** Its class is an operator's word, where the bank's document has none. */
  readonly isConfigured: boolean;
}

/** What an operator may say of a code that the bank's document does not describe. Success is none of them. */
export const CONFIGURABLE_CLASSES = ['temporary', 'setup', 'request'] as const;
type ConfigurableClass = (typeof CONFIGURABLE_CLASSES)[number];

/** Codes that configuration explains, by their canonical spelling. */
export type ExtraKaspiCodes = Readonly<Record<string, ConfigurableClass>>;

const CONFIGURED_KEYS: Readonly<Record<ConfigurableClass, CashierKey>> = {
  temporary: 'provider_unavailable',
  setup: 'desk_setup',
  request: 'failed',
};

type Row = readonly [
  statusCode: string,
  kind: KaspiCodeClass,
  apiCode: string,
  bankText: string | null,
  english: string,
  cashierKey: CashierKey | null,
  otherSpellings: readonly string[],
];

const NO_TEXT = 'listed by the bank without an explanation';

// Other spellings come from the text form of the document, whose code lists carry one digit too many. The values
// -99000018 and 99000033 of some public clients are mistakes of those clients and stay unlisted, which is doubt.
const ROWS: readonly Row[] = [
  ['0', 'success', 'success', 'Успешный статус операции', 'success', null, []],
  [
    '-999',
    'temporary',
    'service_unavailable',
    'Сервис временно недоступен',
    'service temporarily unavailable',
    'provider_unavailable',
    [],
  ],
  [
    '-10000',
    'setup',
    'client_certificate_missing',
    'Отсутствует сертификат клиента',
    'client certificate missing',
    'desk_setup',
    [],
  ],
  [
    '-1501',
    'setup',
    'device_not_found',
    'Устройство с заданным идентификатором не найдено',
    'device not found',
    'desk_setup',
    [],
  ],
  [
    '-1502',
    'setup',
    'device_inactive',
    'Устройство не активно (отключено или удалено)',
    'device inactive (switched off or deleted)',
    'desk_setup',
    [],
  ],
  [
    '-1503',
    'setup',
    'device_in_another_trade_point',
    'Устройство уже добавлено в другую торговую точку',
    'device already belongs to another trade point',
    'desk_setup',
    [],
  ],
  ['-1601', 'request', 'purchase_not_found', 'Покупка не найдена', 'purchase not found', 'failed', []],
  [
    '-14000002',
    'setup',
    'no_trade_points',
    'Отсутствуют торговые точки, необходимо создать торговую точку в приложении Kaspi Pay',
    'no trade points, create one in the Kaspi Pay app',
    'desk_setup',
    [],
  ],
  [
    '-99000001',
    'request',
    'purchase_not_found',
    'Покупка с заданным идентификатором не найдена',
    'no purchase with this id',
    'failed',
    ['-990000001'],
  ],
  [
    '-99000002',
    'setup',
    'trade_point_not_found',
    'Торговая точка не найдена',
    'trade point not found',
    'desk_setup',
    ['-990000002'],
  ],
  [
    '-99000003',
    'request',
    'purchase_of_another_trade_point',
    'Торговая точка покупки не соответствует текущему устройству',
    'purchase belongs to another trade point',
    'failed',
    ['-990000003'],
  ],
  [
    '-99000005',
    'request',
    'refund_exceeds_purchase',
    'Сумма возврата не может превышать сумму покупки',
    'refund exceeds the purchase',
    'wrong_amount',
    ['-990000005'],
  ],
  [
    '-99000006',
    'temporary',
    'refund_error',
    'Ошибка возврата, необходимо попробовать еще раз и при повторении ошибки обратиться в банк',
    'refund error, try again, then ask the bank',
    'provider_unavailable',
    ['-990000006'],
  ],
  [
    '-99000011',
    'request',
    'purchase_not_refundable',
    'Невозможно вернуть покупку (несоответствующий статус покупки)',
    'purchase cannot be refunded in its present status',
    'failed',
    ['-990000011'],
  ],
  [
    '-99000020',
    'request',
    'partial_refund_impossible',
    'Частичный возврат невозможен',
    'partial refund impossible',
    'failed',
    ['-990000020'],
  ],
  [
    '990000018',
    'setup',
    'trade_point_disabled',
    'Торговая точка отключена',
    'trade point switched off',
    'desk_setup',
    ['9900000018'],
  ],
  [
    '990000026',
    'setup',
    'qr_not_accepted',
    'Торговая точка не принимает оплату с QR',
    'trade point does not take QR payments',
    'desk_setup',
    ['9900000026'],
  ],
  [
    '990000028',
    'request',
    'wrong_amount',
    'Указана неверная сумма операции',
    'wrong amount',
    'wrong_amount',
    ['9900000028'],
  ],
  [
    '990000033',
    'setup',
    'no_payment_methods',
    'Нет доступных методов оплаты',
    'no payment method available',
    'no_payment_methods',
    ['9900000033'],
  ],
  // Codes of the remote methods that have no text anywhere: recognised, their meaning is not.
  ['-1401', 'unlisted', 'unlisted_provider_code', null, NO_TEXT, 'failed', []],
  ['-1404', 'unlisted', 'unlisted_provider_code', null, NO_TEXT, 'failed', []],
  ['99000010', 'unlisted', 'unlisted_provider_code', null, NO_TEXT, 'failed', []],
  ['990000029', 'unlisted', 'unlisted_provider_code', null, NO_TEXT, 'failed', ['9900000029']],
  ['990000031', 'unlisted', 'unlisted_provider_code', null, NO_TEXT, 'failed', ['9900000031']],
  ['990000032', 'unlisted', 'unlisted_provider_code', null, NO_TEXT, 'failed', ['9900000032']],
];

// Both codes speak of the device token itself (§4.2.3: registering with the same arguments gives a working token).
const CURED_BY_REGISTRATION: ReadonlySet<string> = new Set(['-1501', '-1502']);

/** Every listed code in its canonical form, in the order of the bank's appendix. */
export const KASPI_CODES: readonly KaspiCode[] = ROWS.map(
  ([statusCode, kind, apiCode, bankText, english, cashierKey]) => ({
    statusCode,
    class: kind,
    apiCode,
    bankText,
    english,
    cashierKey,
    adminText: kind === 'success' ? null : (ADMIN_TEXTS.get(statusCode) ?? UNEXPLAINED),
    registerDeviceAgain: CURED_BY_REGISTRATION.has(statusCode),
    isConfigured: false,
  }),
);

const BY_SPELLING: ReadonlyMap<string, KaspiCode> = new Map(
  KASPI_CODES.flatMap((code, row) =>
    [code.statusCode, ...(ROWS[row]?.[6] ?? [])].map((text): [string, KaspiCode] => [text, code]),
  ),
);

const MAX_SHOWN_CHARACTERS = 32;

/**
 * The meaning of a StatusCode. Total: any text is answered, an unknown one with class `unlisted`. Spaces ("- 1601" in
 * the document), a plus sign, leading zeros and typographic minus signs do not matter. `extra` speaks of what would be
 * unlisted and of nothing else.
 */
export function codeOf(statusCode: string, extra: ExtraKaspiCodes = {}): KaspiCode {
  const spelling = plainDecimal(statusCode);
  const known = BY_SPELLING.get(spelling) ?? unlisted(spelling);
  if (known.class !== 'unlisted' || !Object.hasOwn(extra, known.statusCode)) return known;
  const told = extra[known.statusCode];
  return told === undefined ? known : { ...known, class: told, cashierKey: CONFIGURED_KEYS[told], isConfigured: true };
}

function unlisted(spelling: string): KaspiCode {
  return {
    statusCode: spelling.slice(0, MAX_SHOWN_CHARACTERS),
    class: 'unlisted',
    apiCode: 'unlisted_provider_code',
    bankText: null,
    english: 'unknown to this version',
    cashierKey: 'failed',
    adminText: UNEXPLAINED,
    registerDeviceAgain: false,
    isConfigured: false,
  };
}

function plainDecimal(text: string): string {
  const compact = text.replace(/\s+/g, '').replace(/^[\u2010-\u2015\u2212]/, '-');
  const parts = /^([+-]?)0*(\d+)$/.exec(compact);
  if (parts === null) return compact;
  const digits = parts[2] ?? '';
  return parts[1] === '-' && digits !== '0' ? `-${digits}` : digits;
}
