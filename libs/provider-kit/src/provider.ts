import type { Failure, NextAction } from '@tolem/contracts';
import type { ClientCredential } from '@tolem/egress';

/** What a lost answer means for a call (architecture §3), which decides whether it may be made again. */
export type EffectKind = 'repeatable' | 'orphanable' | 'critical';

/** One organization's access to a provider: everything a call needs and nothing that identifies a payment. */
export interface Access {
  readonly connectionId: string;
  readonly version: number;
  readonly baseUrl: string;
  readonly scheme: string;
  readonly taxId: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** False once the chain or the operator has switched the connection off: nothing begins, what has begun is followed. */
  readonly enabled: boolean;
  readonly credential: ClientCredential | undefined;
}

/** What every call to a provider gets. */
export interface Call {
  readonly access: Access;
  /** Derived from the stored operation and its attempt, never drawn at random: 32 hex digits. */
  readonly requestId: string;
  /** Asked at the last moment before the first byte leaves: false once the deadline or the lease is over. */
  readonly mayWrite: () => boolean;
}

/** What a payment method needs to begin. Amounts in minor units. */
export interface StartRequest {
  readonly paymentId: string;
  readonly amountMinor: number | null;
  readonly currency: string;
  readonly reference: string | null;
  /** The provider's secret for the device behind the desk; null where the provider knows no devices. */
  readonly deviceToken: string | null;
}

/** How long to ask and how often, as the provider itself told; milliseconds. */
export interface Waiting {
  readonly intervalMs: number;
  /** Until the buyer must have acted for the first time (scanned), counted from the answer. */
  readonly customerWithinMs: number;
  /** Until the buyer must have confirmed, counted from the first news that he acted. */
  readonly confirmWithinMs: number;
}

export type StartOutcome =
  | {
      readonly is: 'started';
      readonly providerRef: string;
      readonly nextAction: NextAction | null;
      readonly paymentMethods: readonly string[];
      readonly waiting: Waiting;
    }
  /** Certainly not performed, and a repeat would not change that. */
  | { readonly is: 'refused'; readonly failure: Failure }
  /** The provider no longer knows the device: register it again, then once more. */
  | { readonly is: 'device_unknown'; readonly failure: Failure }
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

export type DeviceOutcome =
  | { readonly is: 'registered'; readonly token: string }
  | { readonly is: 'refused'; readonly failure: Failure }
  | { readonly is: 'unreachable'; readonly failure: Failure };

export interface DeviceRequest {
  /** Our `dsk_` id; the provider's id of the device derives from it and the trade point. */
  readonly deskId: string;
  readonly tradePointRef: string;
}

export type VerifyOutcome =
  | { readonly is: 'up'; readonly tradePoints: readonly { readonly ref: string; readonly name: string }[] | null }
  /** The provider answers and says no; a person must act. */
  | { readonly is: 'refused'; readonly failure: Failure }
  /** The provider cannot be asked now. */
  | { readonly is: 'down'; readonly failure: Failure };

interface AnyMethod {
  readonly type: string;
  check(call: Call, request: CheckRequest): Promise<CheckOutcome>;
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
  resolve(call: Call, request: StartRequest, note: unknown): Promise<Resolution>;
  /** After a proven "not performed": once more as a new attempt, or the end. */
  readonly afterNotPerformed: 'repeat_once' | 'refuse';
}

/** One payment method of a provider: a file of its own. */
export type PaymentMethod = HarmlessMethod | CriticalMethod;

export type Noted =
  | { readonly is: 'noted'; readonly note: unknown }
  | { readonly is: 'refused'; readonly failure: Failure }
  | { readonly is: 'unreachable'; readonly failure: Failure };

export type Resolution =
  | Extract<StartOutcome, { is: 'started' }>
  | { readonly is: 'not_performed'; readonly failure: Failure }
  | { readonly is: 'unclear'; readonly failure: Failure };

/** The devices behind desks, where a provider knows such. */
export interface Devices {
  register(call: Call, request: DeviceRequest): Promise<DeviceOutcome>;
  delete(
    call: Call,
    request: { readonly token: string },
  ): Promise<Exclude<DeviceOutcome, { is: 'registered' }> | { readonly is: 'deleted' }>;
}

/** A provider on one page: its name, its methods, its devices, and how to see whether a connection works. */
export interface Provider {
  readonly name: string;
  readonly methods: readonly PaymentMethod[];
  readonly devices: Devices | null;
  verify(call: Call): Promise<VerifyOutcome>;
}
