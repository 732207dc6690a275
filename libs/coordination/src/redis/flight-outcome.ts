import { TolemError } from '@tolem/domain';

/** How a run ended, as JSON for other processes. Of an error that is not ours only its name and text travel. */
type Outcome =
  | { readonly value?: unknown }
  | { readonly error: { readonly name: string; readonly message: string; readonly tolem?: TolemParts } };

type TolemParts = Pick<TolemError, 'code' | 'publicMessage' | 'retry' | 'cashierKey'>;

export const textOfValue = (value: unknown): string => JSON.stringify({ value } satisfies Outcome);

export function textOfError(error: unknown): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const tolem: TolemParts | undefined =
    error instanceof TolemError
      ? { code: error.code, publicMessage: error.publicMessage, retry: error.retry, cashierKey: error.cashierKey }
      : undefined;
  return JSON.stringify({ error: { name, message, ...(tolem === undefined ? {} : { tolem }) } } satisfies Outcome);
}

/** The value of a run that ended elsewhere; throws its error. */
export function valueOfText(text: string): unknown {
  const outcome = JSON.parse(text) as Outcome;
  if (!('error' in outcome)) return outcome.value;
  const { name, message, tolem } = outcome.error;
  if (tolem === undefined) throw Object.assign(new Error(message), { name });
  const { code, publicMessage, retry, cashierKey } = tolem;
  throw new TolemError(code, publicMessage, { message, retry, ...(cashierKey === undefined ? {} : { cashierKey }) });
}
