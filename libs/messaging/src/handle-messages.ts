import { applyDecorators, Catch, type ExceptionFilter, UseFilters } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { type Observable, throwError } from 'rxjs';

/** Nest's own filter replaces every error by "Internal server error"; the bus must see the cause to judge it. */
@Catch()
class PassErrorsOn implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/** Marks the patterns that one method handles together. */
export interface BatchExtras {
  readonly batch: symbol;
}

/**
 * Marks a controller's method as the handler of message types. The method gets an array of envelopes: every message of
 * those types in one batch of the bus, in order. When it resolves they count as handled.
 */
export function HandleMessages(types: readonly string[]): MethodDecorator {
  const extras: BatchExtras = { batch: Symbol(types.join(',')) };
  return applyDecorators(EventPattern<readonly string[]>(types, extras), UseFilters(new PassErrorsOn()));
}
