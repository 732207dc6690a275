import { pino } from 'pino';
import type { Logger as PinoLogger } from 'pino';
import { currentTraceId } from './in-span.ts';
import { redactFields } from './redact.ts';
import { scrubText } from './scrub-text.ts';

/** Fields first, then the sentence: `logger.info({ paymentId }, 'payment created')`. An error goes into the field `err`. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger whose lines all carry these fields. */
  child(fields: object): Logger;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  service: string;
  level: LogLevel;
  /** Where the lines go; standard output, written in the background, when absent. */
  stream?: { write(line: string): void };
}

/**
 * JSON lines `{ level, time (ISO 8601, UTC), service, …fields, message }`. Everything that goes out is redacted first, at
 * any depth, in messages and stacks too (see redact). A line written inside a span carries its `trace_id`, unless the
 * fields name one.
 */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: { service: options.service },
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    // pino would take our plain copy of an error for an error and describe it anew.
    serializers: { err: (value: unknown) => value },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // Not waited for: a payment must not stand still for a slow disk. What is left is written at the process' exit.
  return wrapped(pino(settings, options.stream ?? pino.destination({ dest: 1, sync: false })));
}

function wrapped(target: PinoLogger): Logger {
  const at = (level: Exclude<LogLevel, 'silent'>) => {
    return (fields: object, message: string): void => {
      if (target.isLevelEnabled(level)) target[level](lineFields(fields), scrubText(message));
    };
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrapped(target.child(withoutReserved(redactFields(fields)))),
  };
}

function lineFields(fields: object): Record<string, unknown> {
  const own = withoutReserved(redactFields(fields));
  const traceId = currentTraceId();
  return traceId === undefined ? own : { trace_id: traceId, ...own };
}

const RESERVED = new Set(['level', 'time', 'service', 'message']);

/** A field that is called like one of the line's own would stand in the line twice, and readers disagree which counts. */
function withoutReserved(fields: Record<string, unknown>): Record<string, unknown> {
  if (!Object.keys(fields).some((key) => RESERVED.has(key))) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [RESERVED.has(key) ? `field_${key}` : key, value]),
  );
}
