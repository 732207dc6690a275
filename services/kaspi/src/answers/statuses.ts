/**
 * What the words in `Data.Status` mean (Kaspi QR v3.9 §4.3.3, Appendix 4, and the values seen beyond the document).
 *
 * One closed table and one total function. A word that is not in the table means "still pending": never "failed",
 * because the buyer may have paid, and never "paid", because goods would leave for nothing.
 */

export const KASPI_STATUS_MEANINGS = [
  'waiting_scan',
  'waiting_confirmation',
  'paid',
  'not_paid',
  'expired',
  'pending',
] as const;

/** `paid`, `not_paid` and `expired` are final at the bank; the other three are worth another question. */
export type KaspiStatusMeaning = (typeof KASPI_STATUS_MEANINGS)[number];

/** The official words. Configuration cannot give these another meaning: "Error" must not become "paid" by a typo. */
const OFFICIAL: ReadonlyMap<string, KaspiStatusMeaning> = new Map<string, KaspiStatusMeaning>([
  ['QrTokenCreated', 'waiting_scan'],
  ['Wait', 'waiting_confirmation'],
  ['Processed', 'paid'],
  ['Error', 'not_paid'],
  // ASSUMPTION: final and not paid, concluded from the name; the document describes it only for invoices.
  ['RemotePaymentCanceled', 'not_paid'],
]);

/**
 * Words seen from production or from another API of the same back office, never described for this one.
 * ASSUMPTION: they mean here what they mean there.
 */
const SEEN_ELSEWHERE: ReadonlyMap<string, KaspiStatusMeaning> = new Map<string, KaspiStatusMeaning>([
  ['RemotePaymentCreated', 'pending'],
  ['QrTokenScanned', 'pending'],
  ['PaymentConfirmation', 'pending'],
  ['QrTokenDiscarded', 'expired'],
  ['RemotePaymentRejected', 'not_paid'],
  ['Expired', 'not_paid'],
  ['CancelledByUser', 'not_paid'],
  ['NotConfirmedByUser', 'not_paid'],
  ['CancelledByExternalSource', 'not_paid'],
  ['ProcessingFailed', 'not_paid'],
  ['Rejected', 'not_paid'],
  ['InsufficientFunds', 'not_paid'],
  ['InsufficientFundsError', 'not_paid'],
  ['IrisSrcBlockCode1', 'not_paid'],
  ['IrisSrcBlockCode3', 'not_paid'],
  ['IrisSrcBlockCode9', 'not_paid'],
  ['IrisDestBlockCode3', 'not_paid'],
  ['IrisDestBlockCode5', 'not_paid'],
  ['IrisDestBlockCode7', 'not_paid'],
  ['IrisDestBlockCode10', 'not_paid'],
]);

/** Every word the table knows with its meaning, for the documentation and for telling a listed word from a strange one. */
export const KASPI_STATUSES: ReadonlyMap<string, KaspiStatusMeaning> = new Map([...OFFICIAL, ...SEEN_ELSEWHERE]);

/** Words that configuration adds, each with one of the existing meanings; it may also correct the unofficial ones. */
export type ExtraKaspiStatuses = Readonly<Record<string, KaspiStatusMeaning>>;

/**
 * The meaning of one status word, spelled exactly as the bank spells it (words are compared with their case: a guess
 * about money is worse than one more question). Total: any word that nobody listed is `pending`.
 */
export function statusMeaning(status: string, extra: ExtraKaspiStatuses = {}): KaspiStatusMeaning {
  return meaningIn(OFFICIAL, SEEN_ELSEWHERE, status, extra);
}

export const KASPI_RETURN_STATUS_MEANINGS = ['waiting_scan', 'identified', 'ended', 'pending'] as const;

/**
 * What a word means for a refund code: `identified`, the buyer has scanned and his purchases can be listed; `ended`, the
 * code is dead; the others are worth another question.
 */
export type KaspiReturnStatusMeaning = (typeof KASPI_RETURN_STATUS_MEANINGS)[number];

/** Words of `return/status` (Appendix 5; `Error` stands only in the description of the life cycle). */
const OFFICIAL_OF_RETURNS: ReadonlyMap<string, KaspiReturnStatusMeaning> = new Map<string, KaspiReturnStatusMeaning>([
  ['QrTokenCreated', 'waiting_scan'],
  ['CustomerIdentityObtained', 'identified'],
  ['Error', 'ended'],
]);

/** ASSUMPTION: means here what it means in another API of the same back office. */
const SEEN_ELSEWHERE_OF_RETURNS: ReadonlyMap<string, KaspiReturnStatusMeaning> = new Map<
  string,
  KaspiReturnStatusMeaning
>([['QrTokenDiscarded', 'ended']]);

/** Every word about a refund code that the tables know, with its meaning. */
export const KASPI_RETURN_STATUSES: ReadonlyMap<string, KaspiReturnStatusMeaning> = new Map([
  ...OFFICIAL_OF_RETURNS,
  ...SEEN_ELSEWHERE_OF_RETURNS,
]);

/** Words about refund codes that configuration adds; as `ExtraKaspiStatuses`. */
export type ExtraKaspiReturnStatuses = Readonly<Record<string, KaspiReturnStatusMeaning>>;

/** The meaning of one word about a refund code. Total: any word that nobody listed is `pending`; the timer ends it. */
export function returnStatusMeaning(status: string, extra: ExtraKaspiReturnStatuses = {}): KaspiReturnStatusMeaning {
  return meaningIn(OFFICIAL_OF_RETURNS, SEEN_ELSEWHERE_OF_RETURNS, status, extra);
}

/** Configuration cannot give an official word another meaning, and may correct one that is only seen. */
function meaningIn<M extends string>(
  official: ReadonlyMap<string, M>,
  seenElsewhere: ReadonlyMap<string, M>,
  word: string,
  extra: Readonly<Record<string, M>>,
): M | 'pending' {
  const known = official.get(word);
  if (known !== undefined) return known;
  const configured = Object.hasOwn(extra, word) ? extra[word] : undefined;
  return configured ?? seenElsewhere.get(word) ?? 'pending';
}

/** What a word means for an invoice to a phone: `canceled` only by our own `remote/cancel`. */
export type KaspiInvoiceStatusMeaning =
  'waiting_payer' | 'waiting_confirmation' | 'paid' | 'not_paid' | 'canceled' | 'expired' | 'pending';

/** The meaning of one word about an invoice; as `statusMeaning` but for its own words. Total. */
export function invoiceStatusMeaning(status: string, extra: ExtraKaspiStatuses = {}): KaspiInvoiceStatusMeaning {
  if (status === 'RemotePaymentCanceled') return 'canceled';
  // Of an invoice it can only say that nobody paid it in time, which the cashier reads as such.
  if (status === 'Expired' && !Object.hasOwn(extra, status)) return 'expired';
  const meaning = statusMeaning(status, extra);
  // Nobody scans an invoice: while only its token exists, the payer has not acted.
  if (meaning === 'waiting_scan') return 'waiting_payer';
  // Seen in production, not in Appendix 4: the invoice is on the buyer's phone.
  return status === 'RemotePaymentCreated' && meaning === 'pending' ? 'waiting_payer' : meaning;
}
