/** The bank's methods as faults and the ledger name them. */
export const CALLS = [
  'partner/tradepoints',
  'device/register',
  'device/delete',
  'qr/create',
  'qr/create-link',
  'payment/status',
  'payment/details',
  'payment/return',
  'return/create',
  'return/status',
  'return/operations',
  'remote/client-info',
  'remote/create',
  'remote/cancel',
  'health/ping',
  'test/payment/scan',
  'test/payment/confirm',
  'test/payment/scanerror',
  'test/payment/confirmerror',
] as const;

export type CallName = (typeof CALLS)[number];

/**
 * What happens to the transport of one answer. `lost_before`, `http_400`, `http_401`, `http_500`, `http_503`, `html`
 * and `status_code` come before the bank acts, all others after it has acted.
 */
export type TransportFault =
  | { kind: 'lost_before' | 'http_400' | 'http_401' | 'http_500' | 'http_503' | 'html' }
  | { kind: 'lost_after' | 'cut' | 'garbage' | 'empty' | 'drip' | 'silence' }
  | { kind: 'delay'; delayMs: number }
  | { kind: 'status_code'; code: number };

const WITH_OPTIONS = ['qr/create', 'qr/create-link', 'return/create'] as const;
const WITH_DATES = [...WITH_OPTIONS, 'payment/details', 'return/operations'] as const;

/** Which calls an odd answer can be seen in; several of them may come together. */
export const SHAPE_CALLS = {
  unknown_status: ['payment/status', 'return/status'],
  remote_payment_created: ['payment/status'],
  camel_case_options: WITH_OPTIONS,
  no_message: CALLS,
  empty_message: CALLS,
  business_account: ['qr/create', 'qr/create-link'],
  amount_as_text: ['payment/status'],
  amount_decimal_text: ['payment/status'],
  amount_tenge_text: ['payment/status'],
  paid_by_loan: ['payment/status'],
  loan_term_as_text: ['payment/status'],
  full_dates: WITH_DATES,
  short_dates: WITH_DATES,
  naive_dates: WITH_DATES,
  one_digit_day: WITH_DATES,
} as const satisfies Record<string, readonly CallName[]>;

export type ShapeFault = keyof typeof SHAPE_CALLS;

export type Fault = { type: 'transport'; transport: TransportFault } | { type: 'shape'; shape: ShapeFault };

const PLAIN: Record<Exclude<TransportFault['kind'], 'delay' | 'status_code'>, true> = {
  lost_before: true,
  lost_after: true,
  http_400: true,
  http_401: true,
  http_500: true,
  http_503: true,
  html: true,
  cut: true,
  garbage: true,
  empty: true,
  drip: true,
  silence: true,
};

export const LONGEST_DELAY_MS = 600_000;

/** A fault from its text, undefined where the text names none. */
export function parseFault(text: string): Fault | undefined {
  const delay = /^delay:(\d{1,6})$/.exec(text)?.[1];
  if (delay !== undefined) {
    const delayMs = Number(delay);
    return delayMs <= LONGEST_DELAY_MS ? { type: 'transport', transport: { kind: 'delay', delayMs } } : undefined;
  }
  const code = /^status_code:(-?\d{1,12})$/.exec(text)?.[1];
  if (code !== undefined) return { type: 'transport', transport: { kind: 'status_code', code: Number(code) } };
  if (isKey(PLAIN, text)) return { type: 'transport', transport: { kind: text } };
  if (isKey(SHAPE_CALLS, text)) return { type: 'shape', shape: text };
  return undefined;
}

/** True where the fault can be seen in the call's answer. */
export function faultFits(fault: Fault, call: CallName): boolean {
  if (fault.type === 'transport') return true;
  const calls: readonly CallName[] = SHAPE_CALLS[fault.shape];
  return calls.includes(call);
}

function isKey<T extends object>(object: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(object, key);
}
