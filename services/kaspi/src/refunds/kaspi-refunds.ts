import type { CashierKey } from '@tolem/domain';
import type { Failure } from '@tolem/contracts';
import {
  type Access,
  failureOf,
  type IdentifiedOutcome,
  type InviteOutcome,
  type Noted,
  type PurchasesOutcome,
  type Refunds,
  type RefundWay,
  type ReturnOutcome,
  type ReturnRequest,
  type ReturnResolution,
} from '@tolem/provider-kit';
import { z } from 'zod';
import { isBankId } from '../client/bank-id.ts';
import type { DevicePair } from '../client/call-arguments.ts';
import type { KaspiAnswer } from '../client/kaspi-answer.ts';
import type { KaspiClient } from '../client/kaspi.client.ts';
import { type KaspiScheme, kaspiScheme } from '../client/schemes.ts';
import { returnVerdict } from '../client/verdicts.ts';
import type {
  CreatedReturn,
  PaymentDetails,
  ReturnedPayment,
  ReturnOperation,
  ReturnStatus,
} from '../client/wire-refunds.ts';
import { codeOf } from '../answers/codes.ts';
import { endpointOf } from '../connections/endpoint-of.ts';
import {
  failureOfAnswer,
  isDecided,
  isDeviceUnknown,
  isMisconfigured,
  mayBeDeviceUnknown,
} from '../answers/failures.ts';
import { notHeard } from '../purchases/purchase.ts';
import { type ExtraKaspiReturnStatuses, returnStatusMeaning } from '../answers/statuses.ts';

const MS = 1_000;
const MOST_OPERATIONS = 10;

const WAYS: Readonly<Record<KaspiScheme['refunds'], RefundWay>> = {
  none: 'by_hand',
  with_buyer: 'with_buyer',
  without_buyer: 'at_once',
};

/** What was still refundable before the return was sent (`AvailableReturnAmount`, §4.4); minor units. */
const noteSchema = z.object({ available_minor: z.number().int().nonnegative() });

/** What configuration says of refunds. */
export interface RefundSettings {
  /** Words of `return/status` that this release does not know. */
  readonly statuses?: ExtraKaspiReturnStatuses;
  /** Whether a return that was proven not performed is sent once more where the buyer is not needed. */
  readonly mayRepeat?: boolean;
}

/**
 * Refunds (Kaspi QR v3.9 §4.5). `payment/return` is critical and the bank knows no id of ours for it: what became of a lost
 * call shows only in `AvailableReturnAmount`, which is read before and after. Fallen by exactly our sum: returned.
 * Fallen by anything else, as when a cashier's app refunds at the same moment: nobody can say. Unchanged: not performed,
 * for as long as further readings say the same.
 */
export function kaspiRefunds(client: KaspiClient, { statuses = {}, mayRepeat = true }: RefundSettings = {}): Refunds {
  return {
    wayOf: ({ scheme }) => WAYS[kaspiScheme(scheme)?.refunds ?? 'none'],
    // With the buyer the scanned code may be spent; whether it serves a second attempt is unknown.
    afterNotPerformed: ({ scheme }) =>
      mayRepeat && kaspiScheme(scheme)?.refunds === 'without_buyer' ? 'repeat_once' : 'refuse',

    async invite(call, { refundId, deviceToken }) {
      if (deviceToken === null) return { is: 'refused', failure: NO_DEVICE };
      const given = { device: deviceOf(call.access, deviceToken), externalId: refundId };
      return inviteOutcome(await client.createReturn(endpointOf(call.access), given, call));
    },
    async identified(call, { customerRef }) {
      return identifiedOutcome(await client.returnStatus(endpointOf(call.access), customerRef, call), statuses);
    },
    async purchases(call, { customerRef, deviceToken }) {
      if (deviceToken === null) return { is: 'refused', failure: NO_DEVICE };
      const given = {
        device: deviceOf(call.access, deviceToken),
        qrReturnId: customerRef,
        maxResult: MOST_OPERATIONS,
      };
      return purchasesOutcome(await client.returnOperations(endpointOf(call.access), given, call));
    },
    async note(call, request) {
      if (request.deviceToken === null) return { is: 'refused', failure: NO_DEVICE };
      if (!isBankId(request.purchaseRef)) return { is: 'refused', failure: NO_SUCH_PURCHASE };
      const device = deviceOf(call.access, request.deviceToken);
      const given = { device, qrPaymentId: request.purchaseRef };
      return noteOutcome(await client.paymentDetails(endpointOf(call.access), given, call), request);
    },
    async send(call, request) {
      if (request.deviceToken === null) return { is: 'refused', failure: NO_DEVICE };
      const answer = await client.returnPayment(
        endpointOf(call.access),
        {
          device: deviceOf(call.access, request.deviceToken),
          qrPaymentId: request.purchaseRef,
          amountMinor: request.amountMinor,
          ...(request.customerRef === null ? {} : { qrReturnId: request.customerRef }),
        },
        call,
      );
      return returnOutcome(answer);
    },
    async resolve(call, request, note) {
      if (request.deviceToken === null) return { is: 'unclear', failure: NO_DEVICE };
      const device = deviceOf(call.access, request.deviceToken);
      const given = { device, qrPaymentId: request.purchaseRef };
      return resolution(await client.paymentDetails(endpointOf(call.access), given, call), request, note);
    },
  };
}

const NO_DEVICE = failureOf('desk_not_registered', 'desk_setup');
/** What was imported as the bank's id of a purchase and cannot be one: the bank could only say the same. */
const NO_SUCH_PURCHASE: Failure = {
  ...failureOf('purchase_not_found', 'refund_not_possible'),
  admin_text: codeOf('-99000001').adminText ?? undefined,
};

function deviceOf(access: Access, deviceToken: string): DevicePair {
  return { bin: access.taxId, deviceToken };
}

/** What a cashier can do about the codes that speak of the purchase; the rest is for the administrator. */
const CASHIER_KEYS: ReadonlyMap<string, CashierKey> = new Map<string, CashierKey>([
  ['-1601', 'refund_not_possible'],
  ['-99000001', 'refund_not_possible'],
  ['-99000011', 'refund_not_possible'],
  ['-99000003', 'refund_other_trade_point'],
  ['-99000005', 'refund_too_much'],
  ['-99000020', 'refund_only_whole'],
]);

/** A text of a failed payment ("start a new payment") says the wrong thing at the end of a refund. */
export function refundFailure(answer: Exclude<KaspiAnswer<unknown>, { is: 'ok' }>): Failure {
  const failure = failureOfAnswer(answer);
  const told = answer.is === 'refused' ? CASHIER_KEYS.get(answer.code.statusCode) : undefined;
  const general = failure.cashier_key === 'desk_setup' ? 'desk_setup' : 'refund_failed';
  return { ...failure, cashier_key: told ?? general };
}

export function inviteOutcome(answer: KaspiAnswer<CreatedReturn>): InviteOutcome {
  if (answer.is === 'ok') {
    const { qrReturnId, qrToken, options } = answer.data;
    return {
      is: 'started',
      customerRef: qrReturnId,
      nextAction: { type: 'show_qr', qr: qrToken },
      waiting: {
        intervalMs: options.statusPollingIntervalSeconds * MS,
        customerWithinMs: options.scanWaitTimeoutSeconds * MS,
      },
    };
  }
  const failure = refundFailure(answer);
  switch (answer.is) {
    case 'refused':
      if (answer.code.registerDeviceAgain) return { is: 'device_unknown', failure };
      return { is: answer.code.class === 'temporary' ? 'lost' : 'refused', failure };
    case 'lost':
      return { is: 'lost', failure };
    case 'not_sent':
      return { is: isMisconfigured(answer) ? 'refused' : 'not_sent', failure };
  }
}

export function identifiedOutcome(
  answer: KaspiAnswer<ReturnStatus>,
  statuses: ExtraKaspiReturnStatuses = {},
): IdentifiedOutcome {
  if (answer.is !== 'ok') return notHeard(answer);
  switch (returnStatusMeaning(answer.data.status, statuses)) {
    case 'identified':
      return { is: 'identified' };
    case 'ended':
      return {
        is: 'over',
        failure: {
          code: 'refund_expired',
          provider_code: answer.data.status,
          provider_message: null,
          cashier_key: 'refund_expired',
        },
      };
    case 'waiting_scan':
    case 'pending':
      return { is: 'pending' };
  }
}

export function purchasesOutcome(answer: KaspiAnswer<ReturnOperation[]>): PurchasesOutcome {
  if (answer.is === 'ok') {
    const purchases = answer.data.map(({ qrPaymentId, amountMinor, transactionAtMs }) => ({
      ref: qrPaymentId,
      amount: amountMinor,
      at: transactionAtMs === null ? null : new Date(transactionAtMs).toISOString(),
    }));
    return { is: 'listed', purchases };
  }
  if (mayBeDeviceUnknown(answer)) return { is: 'device_unknown', failure: refundFailure(answer) };
  return isDecided(answer) ? { is: 'refused', failure: refundFailure(answer) } : notHeard(answer);
}

export function noteOutcome(answer: KaspiAnswer<PaymentDetails>, request: ReturnRequest): Noted {
  if (answer.is === 'ok') {
    const { qrPaymentId, availableReturnAmountMinor: available } = answer.data;
    if (qrPaymentId !== request.purchaseRef) {
      return { is: 'refused', failure: failureOf('provider_answer_wrong', 'refund_not_possible') };
    }
    if (available < request.amountMinor) {
      return { is: 'refused', failure: failureOf('refund_too_much', 'refund_too_much') };
    }
    return { is: 'noted', note: { available_minor: available } satisfies z.input<typeof noteSchema> };
  }
  const failure = refundFailure(answer);
  if (mayBeDeviceUnknown(answer)) return { is: 'device_unknown', failure };
  return { is: isDecided(answer) ? 'refused' : 'unreachable', failure };
}

export function returnOutcome(answer: KaspiAnswer<ReturnedPayment>): ReturnOutcome {
  if (answer.is === 'ok') return { is: 'returned', providerRef: answer.data.returnOperationId };
  const failure = refundFailure(answer);
  if (answer.is === 'not_sent') return { is: isMisconfigured(answer) ? 'refused' : 'not_sent', failure };
  if (returnVerdict(answer) === 'in_doubt') return { is: 'lost', failure };
  return { is: isDeviceUnknown(answer) ? 'device_unknown' : 'refused', failure };
}

/** Judges a reading that came after a return whose answer was lost. */
export function resolution(
  answer: KaspiAnswer<PaymentDetails>,
  request: ReturnRequest,
  note: unknown,
): ReturnResolution {
  if (answer.is !== 'ok') {
    return { is: mayBeDeviceUnknown(answer) ? 'device_unknown' : 'unclear', failure: refundFailure(answer) };
  }
  const before = noteSchema.safeParse(note);
  if (!before.success || answer.data.qrPaymentId !== request.purchaseRef) return { is: 'unclear', failure: UNCLEAR };
  const fallenBy = before.data.available_minor - answer.data.availableReturnAmountMinor;
  if (fallenBy === request.amountMinor) return { is: 'returned', providerRef: null };
  return fallenBy === 0 ? { is: 'not_performed', failure: NOT_PERFORMED } : { is: 'unclear', failure: UNCLEAR };
}

const NOT_PERFORMED = failureOf('provider_unavailable', 'refund_failed');
const UNCLEAR = failureOf('refund_in_doubt', 'refund_unknown');
