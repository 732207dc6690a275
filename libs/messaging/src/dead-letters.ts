import { envelopeHeadersSchema } from '@tolem/contracts';
import type { Database } from '@tolem/persistence';

/** A message that nobody could handle, as its consumer's schema keeps it. */
export interface DeadLetter {
  readonly id: string;
  readonly consumer: string;
  readonly topic: string;
  readonly key: string;
  readonly headers: unknown;
  readonly body: unknown;
  readonly reason: string;
  readonly created_at: Date;
}

export interface DeadLetterFilter {
  /** Messages of this type (`ce_type`) only; all where it is left out. */
  readonly type?: string | undefined;
}

const COLUMNS = 'id, consumer, topic, key, headers, body, reason, created_at';
const REPLAY_BATCH = 500;

/**
 * A dead letter leaves its table in the very statement that stores its message in the outbox again, so it is never in
 * both places and never in neither; of two replays at once the second finds nothing. Its row keeps the letter's id, so
 * that letters of one key keep their order. The row is for the one consumer that could not handle the message: others
 * of the same topic have done so long ago.
 */
const REPLAY = `
WITH chosen AS (
  SELECT id, consumer FROM dead_letter
   WHERE ($1::uuid[] IS NULL OR id = ANY($1)) AND ($2::text IS NULL OR headers ->> 'ce_type' = $2)
     AND ($3::timestamptz IS NULL OR created_at <= $3)
   ORDER BY created_at, id LIMIT $4 FOR UPDATE
), taken AS (
  DELETE FROM dead_letter d USING chosen c WHERE d.id = c.id AND d.consumer = c.consumer
  RETURNING d.id, d.topic, d.consumer, d.key, d.headers, d.body
)
INSERT INTO outbox (id, topic, consumer, key, headers, body)
SELECT id, topic, consumer, key, headers, body FROM taken
RETURNING id`;

/** The dead letters of one service's schema, for the people who look after it. */
export class DeadLetterArchive {
  constructor(private readonly db: Database) {}

  /** The newest first. */
  async list(limit: number, { type }: DeadLetterFilter = {}): Promise<DeadLetter[]> {
    return this.db.query<DeadLetter>(
      `SELECT ${COLUMNS} FROM dead_letter WHERE $1::text IS NULL OR headers ->> 'ce_type' = $1
        ORDER BY created_at DESC, id DESC LIMIT $2`,
      [type ?? null, limit],
    );
  }

  async count({ type }: DeadLetterFilter = {}): Promise<number> {
    const [row] = await this.db.query<{ count: number }>(
      `SELECT count(*) AS count FROM dead_letter WHERE $1::text IS NULL OR headers ->> 'ce_type' = $1`,
      [type ?? null],
    );
    return row?.count ?? 0;
  }

  async find(id: string): Promise<DeadLetter | undefined> {
    const [letter] = await this.db.query<DeadLetter>(`SELECT ${COLUMNS} FROM dead_letter WHERE id = $1`, [id]);
    return letter;
  }

  /** Gives these letters back to their consumer; returns the ids of those that were still there. */
  async replay(ids: readonly string[]): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(REPLAY, [ids, null, null, ids.length]);
    return rows.map((row) => row.id);
  }

  /** Gives back all that had died when this began, the oldest first: what dies again meanwhile is left alone. */
  async *replayAll({ type }: DeadLetterFilter = {}): AsyncGenerator<readonly string[]> {
    // As text, because a Date would lose the microseconds.
    const [begun] = await this.db.query<{ at: string }>(`SELECT clock_timestamp()::text AS at`);
    for (;;) {
      const rows = await this.db.query<{ id: string }>(REPLAY, [null, type ?? null, begun?.at, REPLAY_BATCH]);
      if (rows.length === 0) return;
      yield rows.map((row) => row.id);
    }
  }
}

/** The type of a letter's message; a letter whose headers cannot be read is still listed. */
export function typeOf(letter: DeadLetter): string {
  const headers = envelopeHeadersSchema.safeParse(letter.headers);
  return headers.success ? headers.data.ce_type : '?';
}
