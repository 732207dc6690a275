import type { Failure } from '@tolem/contracts';
import type { Call } from './call.ts';
import type { CertificateWork } from './certificates/certificate-work.ts';
import type { PaymentMethod } from './payments/payment-method.ts';
import type { Question } from './questions/question.ts';
import type { Refunds } from './refunds/refunds.ts';

export type DeviceOutcome =
  | { readonly is: 'registered'; readonly token: string }
  | { readonly is: 'refused'; readonly failure: Failure }
  | { readonly is: 'unreachable'; readonly failure: Failure };

export interface DeviceRequest {
  /** Our `dsk_` id; the provider's id of the device derives from it and the trade point. */
  readonly deskId: string;
  readonly tradePointRef: string;
}

/** The devices behind desks, where a provider knows such. */
export interface Devices {
  register(call: Call, request: DeviceRequest): Promise<DeviceOutcome>;
  delete(
    call: Call,
    request: { readonly token: string },
  ): Promise<Exclude<DeviceOutcome, { is: 'registered' }> | { readonly is: 'deleted' }>;
}

export type VerifyOutcome =
  | { readonly is: 'up'; readonly tradePoints: readonly { readonly ref: string; readonly name: string }[] | null }
  /** The provider answers and says no; a person must act. */
  | { readonly is: 'refused'; readonly failure: Failure }
  /**
   * The provider cannot be asked now. `lasting`: one such answer may as well be the provider's "no", so that a row of
   * them is one, for this reason. `unasked`: the question never left us, so it says nothing of such a row.
   */
  | { readonly is: 'down'; readonly failure: Failure; readonly lasting?: Failure; readonly unasked?: true };

/** A ping tells nothing of trade points. */
export type HealthOutcome = { readonly is: 'up' } | Exclude<VerifyOutcome, { is: 'up' }>;

/** A provider on one page: its name, its methods, its refunds, its devices, and how to see whether a connection works. */
export interface Provider {
  readonly name: string;
  readonly methods: readonly PaymentMethod[];
  /** Null where money goes back by a person's hand alone. */
  readonly refunds: Refunds | null;
  readonly devices: Devices | null;
  readonly questions: readonly Question[];
  /** Absent where the provider knows its customers by something else. */
  readonly certificates?: CertificateWork;
  verify(call: Call): Promise<VerifyOutcome>;
  /** Asked now and then of a connection that works; absent where a provider has nothing so cheap. */
  health?(call: Call): Promise<HealthOutcome>;
}
