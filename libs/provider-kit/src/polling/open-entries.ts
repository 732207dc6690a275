import type { PollEntry } from '@tolem/coordination';
import type { Database } from '@tolem/persistence';
import { entryOf } from './poll-plan.ts';
import { subjectOf, type SubjectRow } from '../subject.ts';

const PAGE = 1_000;

/** $1: the horizon. Everything that is asked about at an interval, and what is looked at before then. */
const OPEN = `look_at IS NOT NULL
          AND (look_at < $1 OR (phase IN ('requires_customer', 'requires_amount', 'processing')
                               AND data ->> 'waiting' IS NOT NULL))`;

/**
 * What the poll schedule should hold, as the rows say, page by page: ids alone, because nearly all of it is there already.
 * @param horizonMs epoch milliseconds
 */
export async function* openIds(db: Database, horizonMs: number): AsyncGenerator<readonly string[]> {
  let last = '';
  for (;;) {
    const rows = await db.query<Pick<SubjectRow, 'id'>>(
      `SELECT id FROM subject
        WHERE ${OPEN} AND id > $2
        ORDER BY id LIMIT $3`,
      [new Date(horizonMs), last, PAGE],
    );
    yield rows.map(({ id }) => id);
    const end = rows.at(-1);
    if (end === undefined || rows.length < PAGE) return;
    last = end.id;
  }
}

/** The entries of those of these subjects that are still open. Both times are epoch milliseconds. */
export async function entriesOf(
  db: Database,
  ids: readonly string[],
  now: number,
  horizonMs: number,
): Promise<readonly PollEntry[]> {
  if (ids.length === 0) return [];
  const rows = await db.query<SubjectRow>(`SELECT * FROM subject WHERE ${OPEN} AND id = ANY($2::text[])`, [
    new Date(horizonMs),
    ids,
  ]);
  return rows.map((row) => entryOf(subjectOf(row), undefined, now)).filter((entry) => entry !== undefined);
}
