/**
 * What an answer to a call that must not happen twice says about the effect itself. A lost answer, a temporary error and
 * any code whose meaning is unknown are doubt: only reading ends it, never another attempt. What configuration calls a
 * refusal of a code that the document does not describe is the operator's word that nothing was done.
 */
import type { KaspiCode } from '../answers/codes.ts';
import type { KaspiAnswer } from './kaspi-answer.ts';

export type KaspiVerdict = 'performed' | 'not_performed' | 'in_doubt';

/** Refusals of `payment/return` (§4.5) that say by their text that no money was returned. */
const RETURN_REFUSALS: ReadonlySet<string> = new Set([
  '-1501',
  '-1502',
  '-1601',
  '-99000001',
  '-99000002',
  '-99000003',
  '-99000005',
  '-99000011',
  '-99000020',
  '990000018',
]);

/**
 * Refusals of `remote/create` (§4.6.2) that end before there is an invoice: certificate, device, trade point or sum.
 * ASSUMPTION: those that the document lists for other methods only mean the same here. -1401, -1404, 99000010 and
 * 990000032, which it lists without a text, are doubt.
 */
const INVOICE_REFUSALS: ReadonlySet<string> = new Set([
  '-10000',
  '-1501',
  '-1502',
  '-1503',
  '-14000002',
  '-99000002',
  '990000018',
  '990000026',
  '990000028',
  '990000033',
]);

/** Whether `payment/return` has returned the money. */
export function returnVerdict(answer: KaspiAnswer<unknown>): KaspiVerdict {
  return verdict(answer, RETURN_REFUSALS);
}

/** Whether `remote/create` has sent an invoice. */
export function invoiceVerdict(answer: KaspiAnswer<unknown>): KaspiVerdict {
  return verdict(answer, INVOICE_REFUSALS);
}

function verdict(answer: KaspiAnswer<unknown>, refusals: ReadonlySet<string>): KaspiVerdict {
  switch (answer.is) {
    case 'ok':
      return 'performed';
    case 'not_sent':
      return 'not_performed';
    case 'refused':
      return refusals.has(answer.code.statusCode) || isConfiguredRefusal(answer.code) ? 'not_performed' : 'in_doubt';
    case 'lost':
      return 'in_doubt';
  }
}

function isConfiguredRefusal(code: KaspiCode): boolean {
  return code.isConfigured && code.class !== 'temporary';
}
