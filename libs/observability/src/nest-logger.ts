import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger.ts';

/**
 * Nest's own messages as JSON lines of ours. Nest calls `log(message, ...more, context)` and `error(message, stack,
 * context)`; what is not text becomes the field `detail`. What Nest calls `log` is how it puts itself together, line by line:
 * that is for debugging.
 */
export function nestLogger(logger: Logger): LoggerService {
  const writer = (level: 'debug' | 'info' | 'warn' | 'error') => {
    return (message: unknown, ...more: unknown[]): void => {
      const texts = more.filter((item): item is string => typeof item === 'string');
      const others = more.filter((item) => typeof item !== 'string' && item !== undefined);
      const stack = level === 'error' ? texts.find((text) => text.includes('\n    at ')) : undefined;
      const context = texts.filter((text) => text !== stack).at(-1);
      const isText = typeof message === 'string';
      const isError = message instanceof Error;
      const fields = {
        ...(context === undefined ? {} : { context }),
        ...(isError ? { err: message } : {}),
        ...(!isText && !isError ? { detail: message } : {}),
        ...(stack === undefined ? {} : { stack }),
        ...(others.length === 0 ? {} : { more: others }),
      };
      logger[level](fields, isText ? message : isError ? message.message : 'message of the framework');
    };
  };
  return {
    log: writer('debug'),
    error: writer('error'),
    warn: writer('warn'),
    debug: writer('debug'),
    verbose: writer('debug'),
    fatal: writer('error'),
  };
}
