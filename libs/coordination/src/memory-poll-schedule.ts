import type { Clock } from '@tolem/domain';
import { DueHeap } from './due-heap.ts';
import type { PollClaim, PollEntry, PollSchedule, PollTurn } from './poll-schedule.ts';

interface Slot {
  entry: PollEntry;
  readonly group: Group;
  place: number;
  lease: string | undefined;
  leaseUntil: number;
}

/** The entries of one group, soonest first. Leased entries wait among them at the end of their lease. */
interface Group {
  readonly name: string;
  readonly slots: DueHeap<Slot>;
  place: number;
  /** Its turn in the ring; undefined while it is asleep. */
  turn: number | undefined;
}

/**
 * The schedule of one process. Every group is in one of two places: asleep, in a heap by its soonest entry, or in the
 * ring, once that entry is due. Claims go round the ring and take one entry of each group in turn, so a claim of k
 * entries costs k steps of a logarithm each, however many groups and entries there are.
 */
export class MemoryPollSchedule implements PollSchedule {
  readonly #slots = new Map<string, Slot>();
  readonly #groups = new Map<string, Group>();
  readonly #asleep = new DueHeap<Group>(sooner);
  /** In the order in which they are served. A group that is not due any more leaves when its turn comes. */
  readonly #ring = new DueHeap<Group>(beforeInTurn);
  #turns = 0;
  #leases = 0;

  constructor(
    private readonly clock: Clock,
    private readonly maxEntries = 200_000,
  ) {}

  async missing(ids: readonly string[]): Promise<readonly string[]> {
    return ids.filter((id) => !this.#slots.has(id));
  }

  async addMissing(entries: readonly PollEntry[]): Promise<void> {
    for (const entry of entries) {
      if (!this.#slots.has(entry.id) && this.#slots.size < this.maxEntries) this.#insert(entry);
    }
  }

  async put(entry: PollEntry): Promise<void> {
    const slot = this.#slots.get(entry.id);
    if (slot === undefined) {
      // Past the bound an entry is left to the next re-seeding: later, never lost.
      if (this.#slots.size < this.maxEntries) this.#insert(entry);
      return;
    }
    if (slot.group.name === groupOf(entry)) {
      this.#replace(slot, entry);
      return;
    }
    this.#delete(slot);
    this.#insert(entry);
  }

  /** It is lost with its process alone, and the next one begins by seeding. */
  async markSeeded(): Promise<void> {}

  async claim(limit: number, leaseMs: number): Promise<PollTurn> {
    const now = this.clock.now();
    this.#wake(now);
    const claims: PollClaim[] = [];
    for (let group = this.#ring.top; claims.length < limit && group !== undefined; group = this.#ring.top) {
      const slot = group.slots.top;
      const due = slot !== undefined && keyOf(slot) <= now;
      if (due) claims.push(this.#lease(slot, now, leaseMs));
      this.#ring.delete(group);
      if (due && soonestOf(group) <= now) this.#queue(group);
      else this.#sleep(group);
    }
    return { claims, nextDueAt: this.#nextDueAt(now), emptied: false };
  }

  async reschedule(claim: PollClaim, next: { readonly dueAt: number; readonly payload: string }): Promise<boolean> {
    const slot = this.#held(claim);
    if (slot === undefined) return false;
    this.#replace(slot, { ...slot.entry, dueAt: next.dueAt, payload: next.payload });
    return true;
  }

  async finish(claim: PollClaim): Promise<boolean> {
    const slot = this.#held(claim);
    if (slot === undefined) return false;
    this.#delete(slot);
    return true;
  }

  async remove(id: string): Promise<void> {
    const slot = this.#slots.get(id);
    if (slot !== undefined) this.#delete(slot);
  }

  get size(): number {
    return this.#slots.size;
  }

  /** Takes out all entries that nobody holds, to be kept elsewhere. */
  takeFree(): readonly PollEntry[] {
    const now = this.clock.now();
    const free = [...this.#slots.values()].filter(({ lease, leaseUntil }) => lease === undefined || leaseUntil <= now);
    for (const slot of free) this.#delete(slot);
    return free.map(({ entry }) => entry);
  }

  /** Groups whose time has come join the ring behind those that wait there already. */
  #wake(now: number): void {
    for (let group = this.#asleep.top; group !== undefined && soonestOf(group) <= now; group = this.#asleep.top) {
      this.#asleep.delete(group);
      this.#queue(group);
    }
  }

  #nextDueAt(now: number): number | undefined {
    if (this.#ring.top !== undefined) return now;
    return this.#asleep.top === undefined ? undefined : soonestOf(this.#asleep.top);
  }

  #queue(group: Group): void {
    this.#turns += 1;
    group.turn = this.#turns;
    this.#ring.add(group);
  }

  #sleep(group: Group): void {
    group.turn = undefined;
    this.#asleep.add(group);
  }

  #lease(slot: Slot, now: number, leaseMs: number): PollClaim {
    this.#leases += 1;
    const lease = String(this.#leases);
    slot.lease = lease;
    slot.leaseUntil = now + leaseMs;
    slot.group.slots.moved(slot);
    return { ...slot.entry, lease, leaseUntil: slot.leaseUntil };
  }

  #held(claim: PollClaim): Slot | undefined {
    const slot = this.#slots.get(claim.id);
    return slot?.lease === claim.lease ? slot : undefined;
  }

  #insert(entry: PollEntry): void {
    const name = groupOf(entry);
    const known = this.#groups.get(name);
    const group = known ?? { name, slots: new DueHeap<Slot>(dueSooner), place: 0, turn: undefined };
    const slot: Slot = { entry, group, place: 0, lease: undefined, leaseUntil: 0 };
    this.#slots.set(entry.id, slot);
    group.slots.add(slot);
    if (known !== undefined) {
      this.#changed(group);
      return;
    }
    this.#groups.set(name, group);
    this.#sleep(group);
  }

  #replace(slot: Slot, entry: PollEntry): void {
    slot.entry = entry;
    slot.lease = undefined;
    slot.group.slots.moved(slot);
    this.#changed(slot.group);
  }

  #delete(slot: Slot): void {
    const { group } = slot;
    this.#slots.delete(slot.entry.id);
    group.slots.delete(slot);
    if (group.slots.size > 0) {
      this.#changed(group);
      return;
    }
    this.#groups.delete(group.name);
    (group.turn === undefined ? this.#asleep : this.#ring).delete(group);
  }

  /** The ring looks at a group when its turn comes; the heap must know at once. */
  #changed(group: Group): void {
    if (group.turn === undefined) this.#asleep.moved(group);
  }
}

function groupOf(entry: PollEntry): string {
  return entry.group ?? '';
}

/** When somebody may take the entry: at its time, or when the lease of a holder that went silent ends. */
function keyOf(slot: Slot): number {
  return slot.lease === undefined ? slot.entry.dueAt : slot.leaseUntil;
}

function soonestOf(group: Group): number {
  return group.slots.top === undefined ? Infinity : keyOf(group.slots.top);
}

/** Ties go by name, as in a sorted set of Redis, so that the order is the same everywhere. */
function dueSooner(a: Slot, b: Slot): boolean {
  const [first, second] = [keyOf(a), keyOf(b)];
  return first === second ? a.entry.id < b.entry.id : first < second;
}

function sooner(a: Group, b: Group): boolean {
  const [first, second] = [soonestOf(a), soonestOf(b)];
  return first === second ? a.name < b.name : first < second;
}

function beforeInTurn(a: Group, b: Group): boolean {
  return (a.turn ?? 0) < (b.turn ?? 0);
}
