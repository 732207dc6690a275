import { Inject, Injectable } from '@nestjs/common';
import type { IdFactory } from '@tolem/domain';
import { IDS } from '../tokens.ts';
import { type Query, Transactions } from '../transactions.ts';
import { ApiProblem } from './api-problem.ts';
import type { Attempt } from './attempt.ts';
import type { Auth } from './auth.ts';

/** What became of an attempt. */
export interface Creation<T> {
  /** True where an earlier attempt with the same key had made it; `value` is its state of now. */
  readonly replayed: boolean;
  readonly value: T;
}

interface Earlier {
  readonly hash: Buffer;
  /** UUID of what was made. */
  readonly resource: string;
}

export interface CreationSteps<T> {
  /**
   * What must be there before the transaction and cannot be part of it, under the id that the resource will have. Runs
   * only while the key is unknown; what it leaves behind when another attempt wins must harm nobody.
   */
  prepare?(id: string): Promise<void>;
  /** Makes the resource under this UUID. What it throws takes the key back: a refused attempt may be repeated. */
  make(query: Query, id: string): Promise<T>;
  /** Reads the resource that an earlier attempt made. */
  load(query: Query, id: string): Promise<T>;
}

/**
 * Creation of resources exactly once per Idempotency-Key, money aside (a payment keeps its key in its own row). The key
 * is a row of the transaction that makes the resource, so of twenty attempts at once nineteen wait for the first and
 * then read what it made.
 */
@Injectable()
export class Idempotency {
  constructor(
    private readonly transactions: Transactions,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  async create<T>(auth: Auth, attempt: Attempt, steps: CreationSteps<T>): Promise<Creation<T>> {
    const id = this.ids.uuid();
    const scope = auth.kind === 'operator' ? [null, null] : [auth.tenantId, auth.mode];
    if (steps.prepare !== undefined) {
      const known = await this.transactions.as(auth, (query) => this.#find(query, scope, attempt));
      if (known === undefined) await steps.prepare(id);
    }
    return this.transactions.as(auth, async (query) => {
      const [made] = await query(
        `INSERT INTO idempotency (tenant_id, mode, route, key, hash, resource) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT ON CONSTRAINT idempotency_key DO NOTHING RETURNING resource`,
        [...scope, attempt.route, attempt.key, attempt.hash, id],
      );
      if (made !== undefined) return { replayed: false, value: await steps.make(query, id) };
      const earlier = await this.#earlier(query, scope, attempt);
      return { replayed: true, value: await steps.load(query, earlier) };
    });
  }

  async #find(query: Query, scope: readonly unknown[], attempt: Attempt): Promise<Earlier | undefined> {
    const [row] = await query<Earlier>(
      `SELECT hash, resource FROM idempotency
        WHERE tenant_id IS NOT DISTINCT FROM $1 AND mode IS NOT DISTINCT FROM $2 AND route = $3 AND key = $4`,
      [...scope, attempt.route, attempt.key],
    );
    return row;
  }

  async #earlier(query: Query, scope: readonly unknown[], attempt: Attempt): Promise<string> {
    const row = await this.#find(query, scope, attempt);
    if (row === undefined) throw new Error('an idempotency key vanished while it was read');
    if (!row.hash.equals(attempt.hash)) {
      const detail =
        'This Idempotency-Key was used for another request. Use a key of its own for every resource that you create.';
      throw new ApiProblem(422, 'idempotency_key_reused', detail, {
        errors: [{ pointer: 'Idempotency-Key', code: 'idempotency_key_reused', detail }],
      });
    }
    return row.resource;
  }
}
