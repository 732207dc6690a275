import type { Executor } from './execute.ts';
import { operationOf, type OperationRow } from './operation.ts';
import type { Doubt } from './resolve.ts';
import type { KitSurroundings } from '../settings.ts';
import { sqlText } from '../sql-text.ts';
import type { Database } from '@tolem/persistence';

const TAKE_OVER = sqlText('take-over');
const TAKE_DOUBTFUL = sqlText('take-doubtful');

/** Calls in doubt that this process asks about at once. */
const MAX_RESOLVING = 16;

interface DoubtfulRow extends OperationRow {
  readonly note: unknown;
  readonly checks: number;
  readonly sends: number;
  readonly unchanged: number;
  readonly unchanged_for_ms: number;
  readonly sent_ago_ms: number;
  readonly state: 'sent' | 'unknown';
}

export interface SweepRooms {
  readonly db: Database;
  readonly executor: Executor;
  readonly owner: string;
  resolve(doubt: Doubt): Promise<void>;
}

/** Finds what was left lying: operations whose holder went silent, and critical ones in doubt. */
export class Sweeper {
  #timer: NodeJS.Timeout | undefined;
  #again = false;
  #stopped = false;
  #sweeping: Promise<void> | undefined;
  readonly #resolving = new Set<Promise<void>>();

  constructor(
    private readonly rooms: SweepRooms,
    private readonly around: KitSurroundings,
  ) {}

  /** Where no other process runs this service, whatever is leased belongs to a dead one. */
  async start(): Promise<void> {
    if (this.around.settings.alone) {
      await this.rooms.db.query(`UPDATE operation SET lease_until = now() WHERE state = 'accepted'`);
    }
    this.#timer = setInterval(() => this.#begin(), this.around.settings.sweepEveryMs);
    await this.sweep();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#sweeping;
    await Promise.all(this.#resolving);
  }

  /** Something lies ready: it is looked for now, and once more where a look is under way that may have missed it. */
  soon(): void {
    if (this.#sweeping !== undefined) this.#again = true;
    this.#begin();
  }

  #begin(): void {
    if (this.#stopped) return;
    this.#sweeping ??= this.sweep()
      .catch((error: unknown) => this.around.log.warn({ err: error }, 'sweeping broke off and will be tried again'))
      .finally(() => {
        this.#sweeping = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.#begin();
      });
  }

  async sweep(): Promise<void> {
    const { settings, clock } = this.around;
    const leaseEnds = clock.monotonicMs() + settings.leaseMs;
    const params = [this.rooms.owner, settings.leaseMs, settings.sweepBatch];
    const left = await this.rooms.db.query<OperationRow>(TAKE_OVER, [...params, new Date(clock.now())]);
    this.rooms.executor.take(left.map((row) => operationOf(row, leaseEnds)));
    const room = Math.max(0, MAX_RESOLVING - this.#resolving.size);
    if (room === 0) return;
    const doubtful = await this.rooms.db.query<DoubtfulRow>(TAKE_DOUBTFUL, [...params.slice(0, 2), room]);
    for (const row of doubtful) this.#resolve(row, leaseEnds);
  }

  /** Beside the sweeping: a bank that answers slowly must not hold up what was left lying elsewhere. */
  #resolve(row: DoubtfulRow, leaseEnds: number): void {
    const { note, checks, state, sends, unchanged, unchanged_for_ms: unchangedForMs, sent_ago_ms: sentAgoMs } = row;
    const operation = operationOf(row, leaseEnds);
    const resolving = this.rooms
      .resolve({ operation, note, checks, sends, unchanged, unchangedForMs, sentAgoMs, state })
      .catch((error: unknown) =>
        this.around.log.error({ err: error, operation: row.op_id }, 'resolving broke off and will be tried again'),
      )
      .finally(() => this.#resolving.delete(resolving));
    this.#resolving.add(resolving);
  }
}
