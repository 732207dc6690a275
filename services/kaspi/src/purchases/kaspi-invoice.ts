import type { Failure } from '@tolem/contracts';
import {
  type CancelOutcome,
  type CriticalMethod,
  failureOf,
  type StartOutcome,
  type TakenRequest,
  type Call,
} from '@tolem/provider-kit';
import type { KaspiAnswer } from '../client/kaspi-answer.ts';
import type { KaspiClient } from '../client/kaspi.client.ts';
import { invoiceVerdict } from '../client/verdicts.ts';
import type { CreatedRemote } from '../client/wire-remote.ts';
import { endpointOf } from '../connections/endpoint-of.ts';
import { failureOfAnswer, isDecided, isDeviceUnknown, isMisconfigured } from '../answers/failures.ts';
import { checkOutcome, verifyPaid } from './purchase.ts';
import { invoiceStatusMeaning, type KaspiStatusMeaning } from '../answers/statuses.ts';

/** How long the buyer may pay (Kaspi QR v3.9 §4.6, official). */
export const INVOICE_LIFE_MS = 24 * 3_600_000;

/**
 * An invoice to a phone number (Kaspi QR v3.9 §4.6, scheme 3). `remote/create` is critical and cannot be resolved: the id
 * stands only in its answer, and a repeat would send the buyer a second invoice. The comment carries the payment's short
 * code, by which the buyer and the cashier can tell. The bank forbids asking on a timer: a person asks (`refresh`), and
 * when the 24 hours are over one cancel and one question end it.
 */
export function kaspiInvoice(
  client: KaspiClient,
  extraStatuses: Readonly<Record<string, KaspiStatusMeaning>>,
  lifeMs = INVOICE_LIFE_MS,
): CriticalMethod {
  const cancel = (call: Call, request: TakenRequest): Promise<CancelOutcome> => cancelInvoice(client, call, request);
  return {
    type: 'kaspi_invoice',
    effect: 'critical',
    afterNotPerformed: 'refuse',
    inDoubt: IN_DOUBT,
    resolve: null,
    note: () => Promise.resolve({ is: 'noted', note: null }),
    async start(call, { paymentId, deviceToken, amountMinor, personal }) {
      if (deviceToken === null) return { is: 'refused', failure: failureOf('desk_not_registered', 'desk_setup') };
      if (amountMinor === null) return { is: 'refused', failure: failureOf('wrong_amount', 'wrong_amount') };
      const phone = personal?.['phone'];
      if (phone === undefined) return { is: 'refused', failure: failureOf('phone_missing', 'phone_unknown') };
      const answer = await client.createRemote(
        endpointOf(call.access),
        {
          device: { bin: call.access.taxId, deviceToken },
          amountMinor,
          phoneNumber: phone,
          comment: commentOf(paymentId, personal?.['comment']),
        },
        call,
      );
      return invoiceOutcome(answer, lifeMs);
    },
    async check(call, { providerRef }) {
      const answer = await client.paymentStatus(endpointOf(call.access), providerRef, call);
      return checkOutcome(answer, (status) => invoiceStatusMeaning(status, extraStatuses));
    },
    cancel,
    giveUp: cancel,
    verifyPaid: (call, request) => verifyPaid(client, call, request),
  };
}

const IN_DOUBT: Failure = failureOf('invoice_in_doubt', 'invoice_unknown');
const CODE_LENGTH = 6;
/** ASSUMPTION: the document states no length for the comment; more would not fit on a phone's screen. */
const MAX_COMMENT_CHARACTERS = 120;

/** The chain's own words, cut where they are long, and the payment's code, which is never cut. */
export function commentOf(paymentId: string, words: string | undefined): string {
  const code = paymentId.slice(-CODE_LENGTH).toUpperCase();
  const room = MAX_COMMENT_CHARACTERS - CODE_LENGTH - 1;
  const said = [...(words ?? '').trim()].slice(0, room).join('').trim();
  return said === '' ? code : `${said} ${code}`;
}

export function invoiceOutcome(answer: KaspiAnswer<CreatedRemote>, lifeMs: number): StartOutcome {
  if (answer.is === 'ok') {
    return {
      is: 'started',
      providerRef: answer.data.qrPaymentId,
      nextAction: { type: 'wait_invoice' },
      paymentMethods: [],
      waiting: { is: 'asked_for_only', customerWithinMs: lifeMs },
    };
  }
  if (answer.is === 'not_sent') {
    return { is: isMisconfigured(answer) ? 'refused' : 'not_sent', failure: failureOfAnswer(answer) };
  }
  if (invoiceVerdict(answer) === 'in_doubt') return { is: 'lost', failure: failureOfAnswer(answer) };
  return { is: isDeviceUnknown(answer) ? 'device_unknown' : 'refused', failure: failureOfAnswer(answer) };
}

async function cancelInvoice(
  client: KaspiClient,
  call: Call,
  { providerRef, deviceToken }: TakenRequest,
): Promise<CancelOutcome> {
  if (deviceToken === null) return { is: 'refused', failure: failureOf('desk_not_registered', 'desk_setup') };
  const device = { bin: call.access.taxId, deviceToken };
  const answer = await client.cancelRemote(endpointOf(call.access), { device, qrPaymentId: providerRef }, call);
  if (answer.is === 'ok') return { is: 'done' };
  const failure = failureOfAnswer(answer);
  if (isDeviceUnknown(answer)) return { is: 'device_unknown', failure };
  return { is: isDecided(answer) ? 'refused' : 'unreachable', failure };
}
