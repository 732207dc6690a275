import type { Logger } from 'typeorm';

/** Called for every statement that goes to the server as a round trip of its own; tests count with it. */
export type RoundTripListener = (sql: string) => void;

/** Tells the listeners of every statement that TypeORM sends, those around a transaction included; logs nothing. */
export function statementLogger(listeners: ReadonlySet<RoundTripListener>): Logger {
  const silent = (): void => undefined;
  return {
    logQuery: (sql) => {
      for (const listener of listeners) listener(sql);
    },
    logQueryError: silent,
    logQuerySlow: silent,
    logSchemaBuild: silent,
    logMigration: silent,
    log: silent,
  };
}
