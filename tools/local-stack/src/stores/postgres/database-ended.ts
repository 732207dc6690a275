import { PlainFailure } from '../../terminal/plain-failure.ts';
import type { RunningPostgres } from './postgres.ts';

/** Why a PostgreSQL that should live has ended, as far as its log tells. */
export async function databaseEnded(postgres: RunningPostgres): Promise<PlainFailure> {
  const { kind, detail } = await postgres.lastWords();
  if (kind === 'disk_full')
    return new PlainFailure('The disk is full, so PostgreSQL ended: free some space and run again.');
  return new PlainFailure(`PostgreSQL ended by itself (${detail}); its log is ${postgres.logFile}`);
}
