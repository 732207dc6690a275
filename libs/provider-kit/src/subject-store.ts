import type { Clock } from '@tolem/domain';
import type { Database, Outbox } from '@tolem/persistence';
import type { EffectKind } from './call.ts';
import { snapshotOf, type Telling } from './snapshot.ts';
import { sqlText } from './sql-text.ts';
import { columnsOf, type Subject, type SubjectRow, subjectOf } from './subject.ts';

const WRITE_FACT = sqlText('write-fact');

/** The unique index that keeps two payments of a connection from having the same id at the provider. */
export const PROVIDER_REF_TAKEN = 'subject_provider_ref';

/** The end of the operation that found the news out; written together with it or not at all. */
export interface OperationEnd {
  readonly id: string;
  readonly attempt: number;
  /** `unknown`: only a person ends it. */
  readonly state: 'done' | 'refused' | 'unknown';
  readonly answer: unknown;
}

/** An operation that follows from news; written together with it or not at all, and carried out once however often. */
export interface FollowingOperation {
  readonly id: string;
  readonly kind: string;
  readonly class: EffectKind;
  readonly lane: string;
  readonly command: object;
}

/** What a subject becomes, and whether others have to hear of it. */
export interface Change {
  readonly next: Subject;
  readonly tell: boolean;
  readonly then?: FollowingOperation;
}

/** Reads and writes subjects. News, the end of its operation and the message that tells it are one statement. */
export class SubjectStore {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
    private readonly telling: Omit<Telling, 'now'>,
    private readonly clock: Clock,
    /** Hears that an operation lies ready. */
    private readonly onFollowing: () => void,
  ) {}

  async load(ids: readonly string[]): Promise<Subject[]> {
    const rows = await this.db.query<SubjectRow>('SELECT * FROM subject WHERE id = ANY($1)', [ids]);
    return rows.map(subjectOf);
  }

  /**
   * Writes what a subject has become. With `tell` the sequence goes up and a snapshot leaves; without it only the
   * timetable changes. False where somebody else had news first, or the operation's attempt is no longer ours: then
   * nothing was written.
   */
  async write(
    next: Subject,
    tell: boolean,
    end: OperationEnd | null,
    then: FollowingOperation | null = null,
  ): Promise<boolean> {
    const told: Subject = tell ? { ...next, seq: next.seq + 1 } : next;
    const rows = tell ? this.outbox.rowsFor(this.snapshot(told, end?.id ?? null)) : [];
    const columns = columnsOf(told);
    const written = await this.db.query(WRITE_FACT, [
      next.id,
      next.seq,
      columns.phase,
      columns.providerRef,
      columns.lookAt,
      columns.lookStep,
      JSON.stringify(columns.data),
      told.seq,
      JSON.stringify(rows),
      end?.id ?? null,
      end?.attempt ?? null,
      end?.state ?? null,
      end === null ? null : JSON.stringify(end.answer ?? null),
      JSON.stringify(then ?? {}),
    ]);
    if (written.length === 0) return false;
    this.outbox.publish(rows);
    if (then !== null) this.onFollowing();
    return true;
  }

  /**
   * Takes the right to do what is due for a subject: of all who saw the same `lookAt` one gets it, and until `until`
   * (epoch ms) nobody else. A schedule may have the subject twice, as when Redis is away.
   */
  async takeLook({ id }: Subject, lookAt: number, until: number): Promise<boolean> {
    const taken = await this.db.query('UPDATE subject SET look_at = $3 WHERE id = $1 AND look_at = $2 RETURNING id', [
      id,
      new Date(lookAt),
      new Date(until),
    ]);
    return taken.length > 0;
  }

  /**
   * Changes a subject as it stands now: reads it, asks `change` what to make of it, writes, and begins again where
   * somebody else was faster. `change` returns null where there is nothing to change. Null where nobody knows the id.
   */
  async change(
    id: string,
    change: (subject: Subject) => Change | null | Promise<Change | null>,
  ): Promise<{ readonly subject: Subject; readonly changed: boolean } | null> {
    for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
      const [subject] = await this.load([id]);
      if (subject === undefined) return null;
      const wanted = await change(subject);
      if (wanted === null) return { subject, changed: false };
      if (await this.write(wanted.next, wanted.tell, null, wanted.then ?? null)) {
        return { subject: wanted.tell ? { ...wanted.next, seq: wanted.next.seq + 1 } : wanted.next, changed: true };
      }
    }
    throw new Error(`${id} changed ${MAX_TRIES} times while we tried to change it`);
  }

  /** Sends the newest snapshots once more, under the numbers that they have: whoever knows them ignores them. */
  async tellAgain(subjects: readonly Subject[]): Promise<void> {
    const rows = subjects
      .filter((subject) => subject.seq > 0)
      .flatMap((subject) => this.outbox.rowsFor(this.snapshot(subject, null)));
    if (rows.length === 0) return;
    await this.db.query(
      `INSERT INTO outbox (id, topic, consumer, key, headers, body)
       SELECT r.id, r.topic, r.consumer, r.key, r.headers, r.body
         FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, topic text, consumer text, key text, headers jsonb, body jsonb)`,
      [JSON.stringify(rows)],
    );
    this.outbox.publish(rows);
  }

  private snapshot(subject: Subject, operationId: string | null) {
    return snapshotOf(subject, operationId, { ...this.telling, now: this.clock.now() });
  }
}

const MAX_TRIES = 5;
