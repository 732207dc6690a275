import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@tolem/persistence';
import type { EntityManager } from 'typeorm';
import type { Auth } from './http/auth.ts';
import { APP_DATABASE, WORKER_DATABASE } from './tokens.ts';

/** Runs one statement of a transaction; rows as plain objects with the database's column names. */
export type Query = <Row = unknown>(sql: string, values?: readonly unknown[]) => Promise<Row[]>;

/**
 * Transactions on behalf of a caller: a tenant's key works under the app role and sees its own tenant only, the operator
 * works under the worker role.
 */
@Injectable()
export class Transactions {
  constructor(
    @Inject(APP_DATABASE) private readonly app: Database,
    @Inject(WORKER_DATABASE) private readonly worker: Database,
  ) {}

  as<T>(auth: Auth, work: (query: Query) => Promise<T>): Promise<T> {
    return auth.kind === 'operator'
      ? this.worker.transaction((manager) => work(queryOf(manager)))
      : this.app.asTenant(auth.tenantId, (manager) => work(queryOf(manager)));
  }
}

function queryOf(manager: EntityManager): Query {
  return async <Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> => {
    const result: unknown = await manager.query(sql, [...values]);
    // TypeORM answers UPDATE and DELETE with [rows, count], everything else with rows.
    const rows = isRowsWithCount(result) ? result[0] : result;
    return rows as Row[];
  };
}

function isRowsWithCount(result: unknown): result is [unknown[], number] {
  return Array.isArray(result) && result.length === 2 && Array.isArray(result[0]) && typeof result[1] === 'number';
}
