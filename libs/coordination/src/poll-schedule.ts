/** When something is due to be looked at again, and all that is needed to do so without asking the database. */
export interface PollEntry {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly dueAt: number;
  /** JSON text, at most a few hundred bytes. */
  readonly payload: string;
  /**
   * Whose turn it uses up: the connection that is asked. Of the groups that have something due each gets its turn, so
   * that one connection with thousands overdue does not starve the others. Entries without a group share one.
   */
  readonly group?: string;
}

/** An entry in somebody's hands until `leaseUntil`; whoever holds it alone may move or remove it. */
export interface PollClaim extends PollEntry {
  readonly lease: string;
  readonly leaseUntil: number;
}

/** What one look into the schedule gave. */
export interface PollTurn {
  readonly claims: readonly PollClaim[];
  /**
   * When a claim may find something again, in epoch milliseconds: the soonest due time or end of a lease, or a time that
   * has passed where more may be due than was taken. Undefined where nothing is left. What anybody puts in later may be sooner.
   */
  readonly nextDueAt: number | undefined;
  /**
   * What had been put in is gone, or nothing ever was: whoever is told so puts back what is open. One process is told; while
   * it does not say that it has done so, another one is told a few seconds later.
   */
  readonly emptied: boolean;
}

/**
 * The schedule of polling in flight. It may be emptied at any moment without a wrong answer: what is open is put back
 * from the database, at once where it was lost as a whole, and every 30 s where only some of it was.
 */
export interface PollSchedule {
  /**
   * Those of these ids that have no entry here, in no particular order: only what is lost needs to be read from the
   * database and put back.
   */
  missing(ids: readonly string[]): Promise<readonly string[]>;
  /** Adds what is not there yet; an entry that is there stays as it is. */
  addMissing(entries: readonly PollEntry[]): Promise<void>;
  /** Adds or replaces an entry and frees it from any lease: there is news, old plans are void. */
  put(entry: PollEntry): Promise<void>;
  /** Everything that is open has been put in: from now on a claim tells when all of it is lost. */
  markSeeded(): Promise<void>;
  /**
   * Takes up to `limit` due entries for `leaseMs`: one of each group in turn, within a group the longest overdue first.
   * The turns go on where the last claim ended.
   */
  claim(limit: number, leaseMs: number): Promise<PollTurn>;
  /** Gives a claim back with its next time, in its old group; false where the lease was lost meanwhile, and nothing was changed. */
  reschedule(claim: PollClaim, next: { readonly dueAt: number; readonly payload: string }): Promise<boolean>;
  /** Ends an entry; false where the lease was lost meanwhile. */
  finish(claim: PollClaim): Promise<boolean>;
  /** Removes an entry whoever holds it: its subject is closed. */
  remove(id: string): Promise<void>;
}
