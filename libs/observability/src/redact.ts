import { types } from 'node:util';
import { MASK } from './mask-properties.ts';
import { scrubText } from './scrub-text.ts';
import { isSecretKey } from './secret-keys.ts';

const MAX_DEPTH = 8;
const MAX_ENTRIES = 100;
/** Where the errors of database drivers quote what a statement was given, and so whatever people have sent us. */
const VALUES_OF_A_STATEMENT = new Set(['parameters', 'detail', 'where', 'internalQuery']);

/**
 * A copy of any value that is fit for a log: plain JSON, bounded in depth (8), entries (100 per object) and length of
 * texts, secret keys masked, texts scrubbed, errors as `{ type, message, stack, code, cause, … }`. Never throws and never
 * changes what it is given.
 */
export function redact(value: unknown): unknown {
  return redacted(value, []);
}

/** As redact, for the fields of a log line. */
export function redactFields(fields: object): Record<string, unknown> {
  return redactedEntries(Object.entries(fields), [fields]);
}

function redacted(value: unknown, ancestors: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
      return scrubText(value);
    case 'bigint':
      return value.toString();
    case 'symbol':
      return scrubText(String(value));
    case 'function':
      return '[function]';
    case 'object':
      return value === null ? null : redactedObject(value, ancestors);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    default:
      return value;
  }
}

function redactedObject(value: object, ancestors: readonly object[]): unknown {
  if (ancestors.includes(value)) return '[circular]';
  if (ancestors.length >= MAX_DEPTH) return '[too deep]';
  const inside = [...ancestors, value];
  try {
    if (isError(value)) return redactedError(value, inside);
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return `[${value.byteLength} bytes]`;
    if (types.isDate(value)) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (types.isMap(value)) {
      return redactedEntries(
        [...value].map(([key, item]): [string, unknown] => [String(key), item]),
        inside,
      );
    }
    if (types.isSet(value)) return redactedList([...value], inside);
    if (Array.isArray(value)) return redactedList(value, inside);
    if ('toJSON' in value && typeof value.toJSON === 'function') return redacted(value.toJSON(), inside);
    return redactedEntries(Object.entries(value), inside);
  } catch {
    return '[unreadable]';
  }
}

function redactedList(items: readonly unknown[], ancestors: readonly object[]): unknown[] {
  const list = items.slice(0, MAX_ENTRIES).map((item) => redacted(item, ancestors));
  if (items.length > MAX_ENTRIES) list.push(`… ${items.length - MAX_ENTRIES} more`);
  return list;
}

function redactedEntries(entries: readonly [string, unknown][], ancestors: readonly object[]): Record<string, unknown> {
  const copy = entries
    .slice(0, MAX_ENTRIES)
    .map(([key, item]): [string, unknown] => [
      scrubText(key),
      isSecretKey(key) ? masked(item) : redacted(item, ancestors),
    ]);
  if (entries.length > MAX_ENTRIES) copy.push(['…', `${entries.length - MAX_ENTRIES} more`]);
  return Object.fromEntries(copy);
}

/** That a secret is absent is worth knowing; what it is made of is not. */
function masked(value: unknown): unknown {
  return value === undefined || value === null || typeof value === 'boolean' ? value : MASK;
}

/** Errors of other realms (worker threads, test runners) are errors too. */
function isError(value: object): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

function redactedError(error: Error, ancestors: readonly object[]): Record<string, unknown> {
  const { name, stack, cause } = error;
  const ofDatabase = isOfDatabase(error);
  const message = ofDatabase ? withoutQuotedValue(String(error.message)) : String(error.message);
  return {
    ...redactedEntries(
      Object.entries(error)
        .filter(([key]) => !['name', 'message', 'stack', 'cause', 'errors'].includes(key))
        .map(([key, item]) => [key, ofDatabase && VALUES_OF_A_STATEMENT.has(key) ? masked(item) : item]),
      ancestors,
    ),
    type: scrubText(String(name)),
    message: scrubText(message),
    ...(typeof stack === 'string' ? { stack: scrubText(stack.replace(String(error.message), () => message)) } : {}),
    ...(cause === undefined ? {} : { cause: redacted(cause, ancestors) }),
    ...('errors' in error ? { errors: redacted(error.errors, ancestors) } : {}),
  };
}

/** Errors of PostgreSQL's driver, and those of TypeORM around them. */
function isOfDatabase(error: Error): boolean {
  return 'driverError' in error || ('severity' in error && 'routine' in error);
}

/** `invalid input syntax for type uuid: "…"`: the only messages of PostgreSQL that end with a value quote it after a colon. */
function withoutQuotedValue(message: string): string {
  return message.replace(/: "[\s\S]*"/, `: "${MASK}"`);
}
