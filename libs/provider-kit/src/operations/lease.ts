import type { Clock } from '@tolem/domain';
import type { Database } from '@tolem/persistence';
import type { Operation } from './operation.ts';
import type { KitSettings } from '../settings.ts';

/**
 * The right to act for an operation, for a while. A process that was stopped in between finds its lease over by its own
 * monotonic clock and neither sends nor, because the attempt has moved on, writes.
 */
export class Lease {
  #ends: number;

  constructor(
    private readonly operation: Operation,
    private readonly db: Database,
    private readonly owner: string,
    private readonly clock: Clock,
    private readonly settings: KitSettings,
  ) {
    this.#ends = operation.leaseEnds;
  }

  get valid(): boolean {
    return this.clock.monotonicMs() < this.#ends;
  }

  /** Makes sure that there is time for one more call; false where the operation is no longer ours. */
  async holdForCall(): Promise<boolean> {
    const now = this.clock.monotonicMs();
    if (this.#ends - now >= this.settings.callMs) return true;
    const rows = await this.db.query(
      `UPDATE operation SET lease_until = now() + $4 * interval '1 ms'
        WHERE id = $1 AND attempt = $2 AND lease_owner = $3 AND state IN ('accepted', 'sent') RETURNING id`,
      [this.operation.id, this.operation.attempt, this.owner, this.settings.leaseMs],
    );
    if (rows.length === 0) return false;
    this.#ends = now + this.settings.leaseMs;
    return true;
  }

  /** Gives the operation back for another try later, without raising its attempt. */
  async giveBack(afterMs: number): Promise<void> {
    await this.db.query(
      `UPDATE operation SET lease_owner = NULL, lease_until = now() + $4 * interval '1 ms'
        WHERE id = $1 AND attempt = $2 AND lease_owner = $3 AND state = 'accepted'`,
      [this.operation.id, this.operation.attempt, this.owner, afterMs],
    );
  }

  /** Ends an operation whose subject needs it no more. */
  async end(state: 'done' | 'refused', answer: unknown): Promise<void> {
    await this.db.query(
      `UPDATE operation SET state = $3, answer = $4, lease_until = NULL
        WHERE id = $1 AND attempt = $2 AND state IN ('accepted', 'sent')`,
      [this.operation.id, this.operation.attempt, state, JSON.stringify(answer)],
    );
  }
}
