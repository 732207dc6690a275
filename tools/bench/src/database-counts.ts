import pg from 'pg';

/** What the house made PostgreSQL do between two moments. */
export interface DatabaseCounts {
  /** Statements that came from the house, each a round trip of its own (the driver does not pipeline). */
  statements: CountedStatement[] | null;
  /** Rows that came into the outboxes, that is, messages that must not be lost. */
  outboxRows: number;
  /** Changes to `processing`, each told by a message without an outbox row. */
  progressEvents: number;
  /** Bytes of write-ahead log. */
  walBytes: number;
}

export interface CountedStatement {
  query: string;
  calls: number;
  /** Time inside the server, without parsing and without the way there; ms. */
  totalMs: number;
  /** Records of write-ahead log that it made. */
  walRecords: number;
}

interface Totals {
  outboxRows: number;
  progressEvents: number;
  walBytes: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** An idle server process hands in its counters within 10 s (PostgreSQL's PGSTAT_IDLE_INTERVAL). */
export const COUNTERS_SETTLE_MS = 10_500;

const EXTENSION = 'pg_stat_statements';

async function ask<R extends pg.QueryResultRow>(url: string, sql: string): Promise<R[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<R>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Tells the server to count statements from its next start on; false where it was built without that. */
export async function askForStatementCounts(adminUrl: string): Promise<boolean> {
  const found = await ask(adminUrl, `SELECT 1 FROM pg_available_extensions WHERE name = '${EXTENSION}'`);
  if (found.length === 0) return false;
  await ask(adminUrl, `ALTER SYSTEM SET shared_preload_libraries = '${EXTENSION}'`);
  return true;
}

/** The extension lives in the server's own database, so that the house's stays as it is anywhere. */
export const installStatementCounts = (adminUrl: string): Promise<unknown> =>
  ask(adminUrl, `CREATE EXTENSION IF NOT EXISTS ${EXTENSION}`);

/** Counts statements and bytes between `countStatements` and `read`, rows between `countRows` and `read`. Whatever the superuser asks, that is, we, is left out. */
export class DatabaseCounter {
  private readonly adminUrl: string;
  private readonly houseUrl: string;
  private readonly countsStatements: boolean;
  private before: Totals = { outboxRows: 0, progressEvents: 0, walBytes: 0 };

  constructor(adminUrl: string, database: string, countsStatements: boolean) {
    const url = new URL(adminUrl);
    url.pathname = `/${database}`;
    this.adminUrl = adminUrl;
    this.houseUrl = url.href;
    this.countsStatements = countsStatements;
  }

  /** Only when nothing has happened for `COUNTERS_SETTLE_MS`. */
  async countRows(): Promise<void> {
    this.before = await this.totals();
  }

  async countStatements(): Promise<void> {
    const { walBytes } = await this.totals();
    this.before = { ...this.before, walBytes };
    if (this.countsStatements) await ask(this.adminUrl, 'SELECT pg_stat_statements_reset()');
  }

  /**
   * Statements and bytes are read at once; rows are counted by the server's processes for themselves, which is why
   * `settle` has to wait for `COUNTERS_SETTLE_MS`.
   */
  async read(settle: () => Promise<void>): Promise<DatabaseCounts> {
    const statements = this.countsStatements ? await this.statements() : null;
    const { walBytes, progressEvents } = await this.totals();
    await settle();
    const { outboxRows } = await this.totals();
    return {
      statements,
      outboxRows: outboxRows - this.before.outboxRows,
      progressEvents: progressEvents - this.before.progressEvents,
      walBytes: walBytes - this.before.walBytes,
    };
  }

  private async totals(): Promise<Totals> {
    const rows = await ask<{ outbox: string; progress: string; wal: string }>(
      this.houseUrl,
      `SELECT (SELECT coalesce(sum(n_tup_ins), 0) FROM pg_stat_user_tables WHERE relname = 'outbox') AS outbox,
              (SELECT count(*) FROM gateway.event WHERE type = 'payment.processing') AS progress,
              pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS wal`,
    );
    const row = rows[0];
    if (row === undefined) throw new Error('PostgreSQL counted nothing');
    return { outboxRows: Number(row.outbox), progressEvents: Number(row.progress), walBytes: Number(row.wal) };
  }

  private async statements(): Promise<CountedStatement[]> {
    const rows = await ask<{ query: string; calls: string; total_ms: number; wal: string }>(
      this.adminUrl,
      `SELECT query, sum(calls) AS calls, sum(total_exec_time) AS total_ms, sum(wal_records) AS wal
         FROM pg_stat_statements
        WHERE userid <> 'postgres'::regrole
        GROUP BY query ORDER BY sum(calls) DESC`,
    );
    return rows.map((row) => ({
      query: row.query.replaceAll(/\s+/g, ' ').trim(),
      calls: Number(row.calls),
      totalMs: row.total_ms,
      walRecords: Number(row.wal),
    }));
  }
}

/**
 * Whether calls of a statement write. Its text must allow it, for reading makes records too, when it tidies a page; and
 * every second call must make a record, for some statements look for work and mostly find none.
 */
export function writes({ query, calls, walRecords }: CountedStatement): boolean {
  const mayWrite = /\b(INSERT INTO|UPDATE|DELETE FROM)\b/i.test(query) || /\bFROM \w+\(/i.test(query);
  return mayWrite && walRecords >= calls * 0.5;
}

const isTransactionControl = (query: string): boolean => /^(BEGIN|START TRANSACTION|COMMIT|ROLLBACK)\b/i.test(query);

/** Round trips of statements that write (their BEGIN and COMMIT too), and of those that only read. */
export function roundTrips(statements: readonly CountedStatement[]): { writing: number; reading: number } {
  let writing = 0;
  let reading = 0;
  for (const statement of statements) {
    if (writes(statement) || isTransactionControl(statement.query)) writing += statement.calls;
    else reading += statement.calls;
  }
  return { writing, reading };
}
