import type { SubjectClose } from '@tolem/contracts';
import type { Database } from '@tolem/persistence';

/**
 * A person has found out what became of a call that nobody could find out about: its operation ends, is asked about no
 * more, and what waits behind it in its lane goes on. The subject stays as it was told: who asked knows better already.
 */
export async function closeDoubt(
  rooms: { readonly db: Database; readonly sweepSoon: () => void },
  { subject_id: subjectId, outcome }: Pick<SubjectClose, 'subject_id' | 'outcome'>,
): Promise<void> {
  const ended = await rooms.db.query(
    `UPDATE operation SET state = $2, answer = $3, lease_until = NULL, check_at = NULL
      WHERE subject_id = $1 AND class = 'critical' AND state = 'unknown' RETURNING id`,
    [subjectId, outcome === 'succeeded' ? 'done' : 'refused', JSON.stringify({ because: 'a person closed it' })],
  );
  if (ended.length > 0) rooms.sweepSoon();
}
