import type { Mode } from '@tolem/contracts';
import type { Credential } from './connections/credential.ts';

/** What a lost answer means for a call (architecture §3), which decides whether it may be made again. */
export type EffectKind = 'repeatable' | 'orphanable' | 'critical';

/** One organization's access to a provider: everything a call needs and nothing that identifies a payment. */
export interface Access {
  readonly connectionId: string;
  readonly version: number;
  /** What only exists where no money moves is asked of a `test` connection alone. */
  readonly mode: Mode;
  readonly baseUrl: string;
  readonly scheme: string;
  readonly taxId: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** False once the chain or the operator has switched the connection off: nothing begins, what has begun is followed. */
  readonly enabled: boolean;
  /** Undefined where the connection has none, or none of it is in use yet. */
  readonly credential: Credential | undefined;
}

/** What every call to a provider gets. */
export interface Call {
  readonly access: Access;
  /**
   * 32 hex digits, derived from the stored operation, never drawn at random. Of a `repeatable` start it is the same however
   * often the call is made, after a crash too; every other call has one of its own.
   */
  readonly requestId: string;
  /** Asked at the last moment before the first byte leaves: false once the deadline or the lease is over. */
  readonly mayWrite: () => boolean;
}
