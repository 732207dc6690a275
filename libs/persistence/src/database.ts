import { types, type Pool, type QueryResultRow } from 'pg';
import {
  DataSource,
  type DataSourceOptions,
  type EntityManager,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
} from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { isOutdatedPlan } from './database-errors.ts';
import { StatementNames } from './statement-names.ts';
import { type RoundTripListener, statementLogger } from './statement-logger.ts';

export type { RoundTripListener } from './statement-logger.ts';

const INT8 = 20;
const IDLE_MS = 600_000;

/** Amounts and counters are int8 in the database and safe integers in the program; what does not fit is a bug, not a rounding. */
function readInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error('an int8 from the database does not fit into a safe integer');
  return value;
}

const typeParsers = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary' && oid === INT8) return readInt8;
    return types.getTypeParser(oid, format as 'text');
  },
};

export interface DatabaseOptions {
  /** `postgres://role:password@host:port/database`; the role decides the schema by its search path. */
  readonly url: string;
  readonly applicationName: string;
  /** Most connections of this process under this role. */
  readonly poolSize?: number;
  /** Longest a statement may run. */
  readonly statementTimeoutMs?: number;
  /** Classes or schemas that TypeORM maps; only for what is not on the hot path. */
  readonly entities?: NonNullable<DataSourceOptions['entities']>;
}

/**
 * One role's connection to one service's schema. Hot paths call `query`: one statement, one round trip. Everything else
 * maps rows with TypeORM inside `asTenant` or `transaction`.
 */
export class Database {
  readonly #pool: Pool;
  readonly #names = new StatementNames();

  private constructor(
    readonly dataSource: DataSource,
    private readonly listeners: Set<RoundTripListener>,
  ) {
    this.#pool = (dataSource.driver as PostgresDriver).master as Pool;
  }

  static async connect(options: DatabaseOptions): Promise<Database> {
    const listeners = new Set<RoundTripListener>();
    const dataSource = new DataSource({
      type: 'postgres',
      url: options.url,
      applicationName: options.applicationName,
      entities: options.entities ?? [],
      synchronize: false,
      migrationsRun: false,
      installExtensions: false,
      logging: ['query'],
      logger: statementLogger(listeners),
      poolSize: options.poolSize ?? 10,
      connectTimeoutMS: 5_000,
      // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
      poolErrorHandler: () => undefined,
      extra: {
        types: typeParsers,
        statement_timeout: options.statementTimeoutMs ?? 15_000,
        idle_in_transaction_session_timeout: 30_000,
        keepAlive: true,
        // Opening a connection costs more than keeping one, and a shop's calm minutes are many.
        idleTimeoutMillis: IDLE_MS,
      },
    });
    await dataSource.initialize();
    return new Database(dataSource, listeners);
  }

  /** One statement in one round trip; rows as plain objects with the column names of the database. */
  async query<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    for (const listener of this.listeners) listener(sql);
    try {
      return await this.#prepared<Row>(sql, values);
    } catch (error) {
      if (!isOutdatedPlan(error)) throw error;
      // The statement did not run: the server noticed before that its result has other columns now.
      this.#names.forgetAll();
      return this.#prepared<Row>(sql, values);
    }
  }

  async #prepared<Row extends QueryResultRow>(sql: string, values: readonly unknown[]): Promise<Row[]> {
    const name = this.#names.nameOf(sql);
    const statement = { text: sql, values: [...values], ...(name === undefined ? {} : { name }) };
    return (await this.#pool.query<Row>(statement)).rows;
  }

  /**
   * Runs `work` in a transaction that sees the rows of one tenant only: the tenant is set for this transaction
   * (`set_config(…, true)`), so the next user of the connection sees nothing by accident.
   * @param tenant the tenant's UUID
   */
  async asTenant<T>(tenant: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.transaction(async (manager) => {
      await manager.query(`SELECT set_config('tolem.tenant', $1, true)`, [tenant]);
      return work(manager);
    });
  }

  /** Runs `work` in a transaction; commits when it resolves, rolls back when it throws. */
  async transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.dataSource.transaction(work);
    } catch (error) {
      // A connection that breaks between two statements is released at once, and the next statement says only that.
      const released =
        error instanceof QueryRunnerAlreadyReleasedError || error instanceof QueryRunnerProviderAlreadyReleasedError;
      if (!released) throw error;
      throw new Error('Connection terminated inside a transaction', { cause: error });
    }
  }

  /** Hears of every round trip until the returned function is called; for counting in tests and benchmarks. */
  onRoundTrip(listener: RoundTripListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Throws where the server does not answer; for readiness checks. */
  async ping(): Promise<void> {
    await this.#pool.query('SELECT 1');
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
  }
}
