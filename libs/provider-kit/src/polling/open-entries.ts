import type { PollEntry } from '@tolem/coordination';
import type { Database } from '@tolem/persistence';
import { entryOf } from './poll-plan.ts';
import { subjectOf, type SubjectRow } from '../subject.ts';

const PAGE = 1_000;

/**
 * What the poll schedule should hold, as the rows say, page by page: everything that is asked about at an interval, and
 * what is looked at before `horizonMs`. Both times are epoch milliseconds.
 */
export async function* openEntries(db: Database, now: number, horizonMs: number): AsyncGenerator<readonly PollEntry[]> {
  let last = '';
  for (;;) {
    const rows = await db.query<SubjectRow>(
      `SELECT * FROM subject
        WHERE look_at IS NOT NULL AND id > $1
          AND (look_at < $2 OR (phase IN ('requires_customer', 'requires_amount', 'processing')
                               AND data ->> 'waiting' IS NOT NULL))
        ORDER BY id LIMIT $3`,
      [last, new Date(horizonMs), PAGE],
    );
    yield rows.map((row) => entryOf(subjectOf(row), undefined, now)).filter((entry) => entry !== undefined);
    const end = rows.at(-1);
    if (end === undefined || rows.length < PAGE) return;
    last = end.id;
  }
}
