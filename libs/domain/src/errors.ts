/**
 * The one error class. Business refusals that a caller expects are typed values; this is thrown for what the caller cannot
 * go on with. One place maps it to HTTP, one to the bus.
 */

import type { CashierKey } from './cashier-texts.ts';

/** Whether the same request may succeed later: not at all, after the caller's own back-off, or after a told time. */
export type Retry = 'never' | 'backoff' | { readonly afterMs: number };

export interface TolemErrorOptions {
  /** Internal text for logs. May name tables, hosts and ids, never a secret. Default: the public message. */
  message?: string;
  /** Default `never`. */
  retry?: Retry;
  /** What the cashier is told, when the cashier has something to do. */
  cashierKey?: CashierKey;
  cause?: unknown;
}

export class TolemError extends Error {
  /** Stable snake_case code, part of the public API. */
  readonly code: string;
  /** Safe to show outside: no internals, no personal data. */
  readonly publicMessage: string;
  readonly retry: Retry;
  readonly cashierKey: CashierKey | undefined;

  constructor(code: string, publicMessage: string, options: TolemErrorOptions = {}) {
    super(options.message ?? publicMessage, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'TolemError';
    this.code = code;
    this.publicMessage = publicMessage;
    this.retry = options.retry ?? 'never';
    this.cashierKey = options.cashierKey;
  }
}
