import type { CashierText } from '@tolem/domain';

/** One thing that is wrong with a request. `pointer` is a JSON Pointer (RFC 6901) into the body, or names a header or query parameter. */
export interface ProblemDetail {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

export interface ApiProblemOptions {
  readonly errors?: readonly ProblemDetail[];
  /** Whether the same request may succeed later. Default: no. */
  readonly retryable?: boolean;
  /** Seconds after which a repeat makes sense; becomes `Retry-After`. */
  readonly retryAfterS?: number;
  /** What the cashier reads, where the cashier has something to do. */
  readonly cashierMessage?: CashierText;
  /** The provider's own words. */
  readonly provider?: { readonly name: string; readonly code: string | null; readonly message: string | null };
  /** Further members of the document, e.g. the payment that holds a reference. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/**
 * What the public API answers instead of a result: RFC 9457 `application/problem+json`. Thrown anywhere in a use case;
 * one filter writes it.
 */
export class ApiProblem extends Error {
  /**
   * @param code stable snake_case code, part of the public API
   * @param detail whole sentence for a programmer: what is wrong and what to do; no internals, no secrets
   */
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly options: ApiProblemOptions = {},
  ) {
    super(detail, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'ApiProblem';
  }
}

/** 404, also for what belongs to another tenant: the answer is the same to the byte. */
export function notFound(what: string): ApiProblem {
  return new ApiProblem(404, 'not_found', `There is no such ${what}.`);
}

/** 422 for one field of the body that breaks a rule. */
export function unprocessable(
  code: string,
  pointer: string,
  detail: string,
  options: ApiProblemOptions = {},
): ApiProblem {
  return new ApiProblem(422, code, detail, { ...options, errors: [{ pointer, code, detail }] });
}
