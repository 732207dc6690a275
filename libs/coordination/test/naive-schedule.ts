import type { PollClaim, PollEntry } from '../src/index.ts';

interface Kept {
  entry: PollEntry;
  lease: string | undefined;
  freeAt: number;
}

/** The schedule as one would write it without caring for speed: a list that is searched, and a list of whose turn it is. */
export class NaiveSchedule {
  readonly kept = new Map<string, Kept>();
  #ring: string[] = [];

  constructor(private readonly maxEntries = Infinity) {}

  addMissing(entry: PollEntry): void {
    if (!this.kept.has(entry.id)) this.put(entry);
  }

  put(entry: PollEntry): void {
    if (this.kept.has(entry.id) || this.kept.size < this.maxEntries) {
      this.kept.set(entry.id, { entry, lease: undefined, freeAt: entry.dueAt });
    }
    this.#dropEmptyGroups();
  }

  delete(id: string): void {
    this.kept.delete(id);
    this.#dropEmptyGroups();
  }

  /** Ids in the order in which a claim must hand them out; they are due again at `leaseUntil`. */
  claim(limit: number, now: number, leaseUntil: number): string[] {
    const joining = [...this.#groups()].filter(
      (group) => !this.#ring.includes(group) && this.#due(group, now).length > 0,
    );
    joining.sort((a, b) => this.#soonest(a, now) - this.#soonest(b, now) || (a < b ? -1 : 1));
    this.#ring.push(...joining);
    const taken: string[] = [];
    while (taken.length < limit) {
      const group = this.#ring.shift();
      if (group === undefined) break;
      const [first, ...more] = this.#due(group, now);
      if (first !== undefined) {
        first.freeAt = leaseUntil;
        taken.push(first.entry.id);
      }
      if (more.length > 0) this.#ring.push(group);
    }
    return taken;
  }

  take(claim: PollClaim): void {
    this.kept.set(claim.id, { entry: claim, lease: claim.lease, freeAt: claim.leaseUntil });
  }

  holds(claim: PollClaim): boolean {
    return this.kept.get(claim.id)?.lease === claim.lease;
  }

  /** When the next entry falls due or free again. */
  soonest(): number | undefined {
    const times = [...this.kept.values()].map(({ freeAt }) => freeAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #groups(): Set<string> {
    return new Set([...this.kept.values()].map(({ entry }) => entry.group ?? ''));
  }

  #due(group: string, now: number): Kept[] {
    return [...this.kept.values()]
      .filter(({ entry, freeAt }) => (entry.group ?? '') === group && freeAt <= now)
      .sort((a, b) => a.freeAt - b.freeAt || (a.entry.id < b.entry.id ? -1 : 1));
  }

  #soonest(group: string, now: number): number {
    return this.#due(group, now)[0]?.freeAt ?? Infinity;
  }

  #dropEmptyGroups(): void {
    const groups = this.#groups();
    this.#ring = this.#ring.filter((group) => groups.has(group));
  }
}
