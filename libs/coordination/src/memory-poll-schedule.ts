import type { Clock } from '@tolem/domain';
import type { PollClaim, PollEntry, PollSchedule } from './poll-schedule.ts';

interface Slot {
  entry: PollEntry;
  /** Place in the heap. */
  place: number;
  lease: string | undefined;
  leaseUntil: number;
}

/** The schedule of one process: a binary heap by due time. Leased entries wait in the heap at the end of their lease. */
export class MemoryPollSchedule implements PollSchedule {
  readonly #slots = new Map<string, Slot>();
  readonly #heap: Slot[] = [];
  #leases = 0;

  constructor(
    private readonly clock: Clock,
    private readonly maxEntries = 200_000,
  ) {}

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
    slot.entry = entry;
    slot.lease = undefined;
    this.#move(slot);
  }

  async claim(limit: number, leaseMs: number): Promise<readonly PollClaim[]> {
    const now = this.clock.now();
    const claims: PollClaim[] = [];
    for (
      let top = this.#heap[0];
      claims.length < limit && top !== undefined && keyOf(top) <= now;
      top = this.#heap[0]
    ) {
      this.#leases += 1;
      const lease = String(this.#leases);
      top.lease = lease;
      top.leaseUntil = now + leaseMs;
      claims.push({ ...top.entry, lease, leaseUntil: top.leaseUntil });
      this.#sink(0);
    }
    return claims;
  }

  async reschedule(claim: PollClaim, next: { readonly dueAt: number; readonly payload: string }): Promise<boolean> {
    const slot = this.#held(claim);
    if (slot === undefined) return false;
    slot.entry = { id: claim.id, dueAt: next.dueAt, payload: next.payload };
    slot.lease = undefined;
    this.#move(slot);
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

  #held(claim: PollClaim): Slot | undefined {
    const slot = this.#slots.get(claim.id);
    return slot?.lease === claim.lease ? slot : undefined;
  }

  #insert(entry: PollEntry): void {
    const slot: Slot = { entry, place: this.#heap.length, lease: undefined, leaseUntil: 0 };
    this.#slots.set(entry.id, slot);
    this.#heap.push(slot);
    this.#rise(slot.place);
  }

  #delete(slot: Slot): void {
    this.#slots.delete(slot.entry.id);
    const last = this.#heap.pop();
    if (last === undefined || last === slot) return;
    last.place = slot.place;
    this.#heap[slot.place] = last;
    this.#move(last);
  }

  #move(slot: Slot): void {
    this.#rise(slot.place);
    this.#sink(slot.place);
  }

  #rise(place: number): void {
    for (let at = place; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfEarlier(at, parent)) return;
      at = parent;
    }
  }

  #sink(place: number): void {
    for (let at = place; ;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const child = this.#earlier(right, left) ? right : left;
      if (!this.#swapIfEarlier(child, at)) return;
      at = child;
    }
  }

  #earlier(a: number, b: number): boolean {
    const first = this.#heap[a];
    const second = this.#heap[b];
    return first !== undefined && second !== undefined && keyOf(first) < keyOf(second);
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const lower = this.#heap[child];
    const upper = this.#heap[parent];
    if (lower === undefined || upper === undefined || keyOf(lower) >= keyOf(upper)) return false;
    this.#heap[parent] = lower;
    this.#heap[child] = upper;
    lower.place = parent;
    upper.place = child;
    return true;
  }
}

/** When somebody may take the entry: at its time, or when the lease of a holder that went silent ends. */
function keyOf(slot: Slot): number {
  return slot.lease === undefined ? slot.entry.dueAt : slot.leaseUntil;
}
