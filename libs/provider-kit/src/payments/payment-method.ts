import type { Failure, NextAction } from '@tolem/contracts';
import type { Call, EffectKind } from '../call.ts';

/** What a payment method needs to begin. Amounts in minor units. */
export interface StartRequest {
  readonly paymentId: string;
  readonly amountMinor: number | null;
  readonly currency: string;
  readonly reference: string | null;
  /** The provider's secret for the device behind the desk; null where the provider knows no devices. */
  readonly deviceToken: string | null;
  /** What of the method is personal (a phone, a comment), opened for this call alone: never to be kept or logged. */
  readonly personal: Readonly<Record<string, string>> | null;
}

/** How long to ask and how often, as the provider itself told; milliseconds. */
export interface Waiting {
  readonly intervalMs: number;
  /** Until the buyer must have acted for the first time (scanned), counted from the answer. */
  readonly customerWithinMs: number;
  /** Until the buyer must have confirmed, counted from the first news that he acted. */
  readonly confirmWithinMs: number;
}

/**
 * Asked about only when a person wants to know: no timer asks before the buyer's time is over. Then it is given up at the
 * provider (`giveUp`), asked about once, and ends.
 */
export interface AskedForOnly {
  readonly is: 'asked_for_only';
  readonly customerWithinMs: number;
}

/** The provider does not know the device that the call was made with: register it again, then once more. */
export interface DeviceUnknown {
  readonly is: 'device_unknown';
  readonly failure: Failure;
}

export type StartOutcome =
  | {
      readonly is: 'started';
      readonly providerRef: string;
      readonly nextAction: NextAction | null;
      readonly paymentMethods: readonly string[];
      readonly waiting: Waiting | AskedForOnly;
    }
  /** Certainly not performed, and a repeat would not change that. */
  | { readonly is: 'refused'; readonly failure: Failure }
  | DeviceUnknown
  /** Certainly nothing left this machine. */
  | { readonly is: 'not_sent'; readonly failure: Failure }
  /** It may or may not have been performed. */
  | { readonly is: 'lost'; readonly failure: Failure };

export interface CheckRequest {
  readonly paymentId: string;
  readonly providerRef: string;
}

/** What the provider says of a payment. What we do not understand is `pending`; what we did not hear is `unreachable`. */
export type CheckOutcome =
  | { readonly is: 'pending'; readonly phase: 'requires_customer' | 'processing' | 'unchanged' }
  | { readonly is: 'paid'; readonly amountMinor?: number; readonly slip?: Readonly<Record<string, string>> }
  | { readonly is: 'not_paid'; readonly phase: 'declined' | 'expired' | 'canceled'; readonly failure: Failure | null }
  | { readonly is: 'unreachable'; readonly reason: string };

/** A payment that the provider has, and the device that it was begun with. */
export interface TakenRequest {
  readonly paymentId: string;
  readonly providerRef: string;
  readonly deviceToken: string | null;
}

/** What the provider answered to "forget it". It decides nothing: a check afterwards says what is true. */
export type CancelOutcome =
  | { readonly is: 'done' }
  | { readonly is: 'refused'; readonly failure: Failure }
  | DeviceUnknown
  | { readonly is: 'unreachable'; readonly failure: Failure };

/** What the provider's books say of a payment that it calls paid. */
export type VerifiedPaid =
  | { readonly is: 'details'; readonly providerRef: string; readonly amountMinor: number }
  | { readonly is: 'unreachable'; readonly reason: string }
  | DeviceUnknown
  /** Nothing of the kind under this access. */
  | { readonly is: 'not_offered' };

interface AnyMethod {
  readonly type: string;
  check(call: Call, request: CheckRequest): Promise<CheckOutcome>;
  /** Takes a payment back that the buyer has not paid yet. Harmless to repeat, and to do after he has paid. */
  cancel?(call: Call, request: TakenRequest): Promise<CancelOutcome>;
  /** For payments that are asked about only on request: takes one back whose time is over. Harmless to repeat. */
  giveUp?(call: Call, request: TakenRequest): Promise<CancelOutcome>;
  /** Asked once after a payment has become succeeded: what was really paid, and under which id. */
  verifyPaid?(call: Call, request: TakenRequest): Promise<VerifiedPaid>;
}

/** A start that may be made again within its deadline, with the same id or because an unseen code hurts nobody. */
export interface HarmlessMethod extends AnyMethod {
  readonly effect: Extract<EffectKind, 'repeatable' | 'orphanable'>;
  start(call: Call, request: StartRequest): Promise<StartOutcome>;
}

/**
 * A start whose effect must happen once (architecture §3). `note` is read and stored before the call; `resolve` finds
 * out by reading what became of a call whose answer was lost, and never makes the call itself.
 */
export interface CriticalMethod extends AnyMethod {
  readonly effect: 'critical';
  note(call: Call, request: StartRequest): Promise<Noted>;
  start(call: Call, request: StartRequest): Promise<StartOutcome>;
  /** Null where nothing that could be read would show it: a lost call is `unknown` at once, and a person ends it. */
  readonly resolve: ((call: Call, request: StartRequest, note: unknown) => Promise<Resolution>) | null;
  /** After a proven "not performed": once more as a new attempt, or the end. */
  readonly afterNotPerformed: 'repeat_once' | 'refuse';
  /** What is told of a payment whose call was lost and cannot be found out; its text tells the cashier what to do. */
  readonly inDoubt?: Failure;
}

/** One payment method of a provider: a file of its own. */
export type PaymentMethod = HarmlessMethod | CriticalMethod;

export type Noted =
  | { readonly is: 'noted'; readonly note: unknown }
  | { readonly is: 'refused'; readonly failure: Failure }
  | DeviceUnknown
  | { readonly is: 'unreachable'; readonly failure: Failure };

/** Reading showed that the call was not performed, or showed nothing clear. */
export type NotFound =
  { readonly is: 'not_performed'; readonly failure: Failure } | { readonly is: 'unclear'; readonly failure: Failure };

export type Resolution = Extract<StartOutcome, { is: 'started' }> | NotFound | DeviceUnknown;
