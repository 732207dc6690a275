import type { z } from 'zod';

export interface EnvOptions {
  /** One sentence with the unit: what it is for, what it takes. Shown in the docs and in every error. */
  describe: string;
  /** Never shown, not even when it is wrong. */
  secret?: boolean;
  /** What the default is, in words, when the value itself says little. */
  defaultLabel?: string;
}

/** One value of a service's configuration and the variable it comes from. */
export interface EnvField<T> {
  readonly variable: string;
  readonly schema: z.ZodType<T>;
  readonly describe: string;
  readonly secret: boolean;
  readonly required: boolean;
  /** The value when the variable is unset or empty; meaningless for a required field. */
  readonly fallback: T | undefined;
  readonly defaultLabel: string;
}

/**
 * A field read from the variable `variable`, or from the file that `<variable>_FILE` names. The schema takes the text of
 * the variable. Without `default` the field is required, unless it is `optional`. A variable set to nothing counts as
 * unset.
 *
 * ```ts
 * env('TOLEM_GATEWAY_PORT', wholeNumber({ min: 0, max: 65535 }), { default: 8080, describe: 'TCP port of the API' })
 * ```
 */
export function env<T>(
  variable: string,
  schema: z.ZodType<T>,
  options: EnvOptions & { optional: true },
): EnvField<T | undefined>;
export function env<T>(
  variable: string,
  schema: z.ZodType<T>,
  options: EnvOptions & { default?: NoInfer<T> },
): EnvField<T>;
export function env<T>(
  variable: string,
  schema: z.ZodType<T>,
  options: EnvOptions & { default?: T; optional?: true },
): EnvField<T | undefined> {
  if (!/^[A-Z][A-Z0-9_]{0,99}$/.test(variable)) throw new TypeError(`${variable} is no name of a variable`);
  const secret = options.secret ?? false;
  return {
    variable,
    schema,
    describe: options.describe,
    secret,
    required: options.default === undefined && options.optional !== true,
    fallback: options.default,
    defaultLabel: options.defaultLabel ?? labelOf(options.default, secret),
  };
}

function labelOf(fallback: unknown, secret: boolean): string {
  if (fallback === undefined) return '';
  if (secret) return '(secret)';
  return typeof fallback === 'string' ? fallback : JSON.stringify(fallback);
}
