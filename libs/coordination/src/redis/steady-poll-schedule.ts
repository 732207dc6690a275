import type { MemoryPollSchedule } from '../memory-poll-schedule.ts';
import type { PollClaim, PollEntry, PollSchedule, PollTurn } from '../poll-schedule.ts';
import { soonestOf } from '../soonest-of.ts';
import { RedisAway } from './redis-away.ts';

/** Leases given by the schedule of this process are told from those of the shared one by this. */
const LOCAL = 'local:';

const NOTHING: PollTurn = { claims: [], nextDueAt: undefined, emptied: false };

/**
 * A shared schedule that never fails: while Redis is away this process goes on with a schedule of its own, fed by what is
 * put and by the re-seeding from the database, and hands it over when Redis is back. Meanwhile every process asks about
 * everything that is open, as often as there are processes: more questions than needed, none too few, and questions may be
 * repeated. What nobody puts in before the next re-seeding is asked about that much later. A Redis that comes back empty
 * says so in the first claim.
 */
export class SteadyPollSchedule implements PollSchedule {
  constructor(
    private readonly shared: PollSchedule,
    private readonly own: MemoryPollSchedule,
  ) {}

  async missing(ids: readonly string[]): Promise<readonly string[]> {
    return this.#either(
      () => this.shared.missing(ids),
      () => this.own.missing(ids),
    );
  }

  async addMissing(entries: readonly PollEntry[]): Promise<void> {
    await this.#either(
      () => this.shared.addMissing(entries),
      () => this.own.addMissing(entries),
    );
  }

  async put(entry: PollEntry): Promise<void> {
    await this.#either(
      () => this.shared.put(entry),
      () => this.own.put(entry),
    );
  }

  /** While Redis is away nobody keeps this; should it come back empty, the next claim asks for a seeding. */
  async markSeeded(): Promise<void> {
    await this.#either(
      () => this.shared.markSeeded(),
      async () => undefined,
    );
  }

  async claim(limit: number, leaseMs: number): Promise<PollTurn> {
    const shared = await this.#either<PollTurn | undefined>(
      () => this.shared.claim(limit, leaseMs),
      async () => undefined,
    );
    // A Redis that may be read but not written (full, a replica) takes nothing over: then our own goes on beside it.
    if (this.own.size === 0 || (shared !== undefined && (await this.#handOver()))) return shared ?? NOTHING;
    const { claims, nextDueAt, emptied } = shared ?? NOTHING;
    const own = await this.own.claim(limit - claims.length, leaseMs);
    const ownClaims = own.claims.map((claim) => ({ ...claim, lease: `${LOCAL}${claim.lease}` }));
    return { claims: [...claims, ...ownClaims], nextDueAt: soonestOf([nextDueAt, own.nextDueAt]), emptied };
  }

  async reschedule(claim: PollClaim, next: { readonly dueAt: number; readonly payload: string }): Promise<boolean> {
    const own = ownClaim(claim);
    if (own !== undefined) return this.own.reschedule(own, next);
    return this.#either(
      () => this.shared.reschedule(claim, next),
      async () => {
        const { id, group } = claim;
        await this.own.addMissing([{ id, ...next, ...(group === undefined ? {} : { group }) }]);
        return true;
      },
    );
  }

  async finish(claim: PollClaim): Promise<boolean> {
    const own = ownClaim(claim);
    if (own !== undefined) return this.own.finish(own);
    return this.#either(
      () => this.shared.finish(claim),
      async () => true,
    );
  }

  /** While Redis is away it keeps the entry: asked about once more later on, the subject says that it is closed. */
  async remove(id: string): Promise<void> {
    await this.own.remove(id);
    await this.#either(
      () => this.shared.remove(id),
      async () => undefined,
    );
  }

  /** What somebody holds stays until its holder has spoken, or has been silent for too long. */
  async #handOver(): Promise<boolean> {
    const entries = this.own.takeFree();
    return this.#either(
      async () => {
        await this.shared.addMissing(entries);
        return true;
      },
      async () => {
        await this.own.addMissing(entries);
        return false;
      },
    );
  }

  async #either<T>(shared: () => Promise<T>, own: () => Promise<T>): Promise<T> {
    try {
      return await shared();
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
      return own();
    }
  }
}

function ownClaim(claim: PollClaim): PollClaim | undefined {
  return claim.lease.startsWith(LOCAL) ? { ...claim, lease: claim.lease.slice(LOCAL.length) } : undefined;
}
