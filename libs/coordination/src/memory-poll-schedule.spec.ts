import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import fc from 'fast-check';
import { MemoryPollSchedule } from './memory-poll-schedule.ts';
import type { PollClaim, PollEntry } from './poll-schedule.ts';

const LEASE_MS = 50;

interface Kept {
  entry: PollEntry;
  lease: string | undefined;
  freeAt: number;
}

/** The schedule as one would write it without caring for speed: a list that is searched. */
class NaiveSchedule {
  readonly kept = new Map<string, Kept>();

  constructor(private readonly maxEntries: number) {}

  addMissing(entry: PollEntry): void {
    if (!this.kept.has(entry.id)) this.put(entry);
  }

  put(entry: PollEntry): void {
    if (this.kept.has(entry.id) || this.kept.size < this.maxEntries) {
      this.kept.set(entry.id, { entry, lease: undefined, freeAt: entry.dueAt });
    }
  }

  /** When somebody may take each due entry, soonest first. */
  dueTimes(now: number): number[] {
    return [...this.kept.values()]
      .map((kept) => kept.freeAt)
      .filter((freeAt) => freeAt <= now)
      .sort((a, b) => a - b);
  }

  holds(claim: PollClaim): boolean {
    return this.kept.get(claim.id)?.lease === claim.lease;
  }
}

type Operation =
  | { readonly kind: 'put' | 'addMissing'; readonly id: string; readonly inMs: number }
  | { readonly kind: 'claim'; readonly limit: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'reschedule' | 'finish'; readonly pick: number; readonly inMs: number }
  | { readonly kind: 'remove'; readonly id: string };

const id = fc.integer({ min: 0, max: 11 }).map((n) => `pay_${n}`);
const inMs = fc.integer({ min: -20, max: 120 });
const pick = fc.nat(1_000);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constantFrom('put', 'addMissing'), id, inMs }),
  fc.record({ kind: fc.constant('claim'), limit: fc.integer({ min: 0, max: 6 }) }),
  fc.record({ kind: fc.constant('advance'), ms: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ kind: fc.constantFrom('reschedule', 'finish'), pick, inMs }),
  fc.record({ kind: fc.constant('remove'), id }),
);

/** Runs one operation against both and compares what can be seen. */
async function step(
  op: Operation,
  {
    schedule,
    naive,
    clock,
    claims,
  }: { schedule: MemoryPollSchedule; naive: NaiveSchedule; clock: ManualClock; claims: PollClaim[] },
): Promise<void> {
  const now = clock.now();
  switch (op.kind) {
    case 'put':
    case 'addMissing': {
      const entry = { id: op.id, dueAt: now + op.inMs, payload: `${op.kind} ${now}` };
      if (op.kind === 'put') await schedule.put(entry);
      else await schedule.addMissing([entry]);
      naive[op.kind](entry);
      return;
    }
    case 'claim': {
      const due = naive.dueTimes(now).slice(0, op.limit);
      const got = await schedule.claim(op.limit, LEASE_MS);
      // Entries due at the same moment may come in any order, so times are compared, and each entry with the model's.
      expect(got.map((claim) => naive.kept.get(claim.id)?.freeAt)).toEqual(due);
      expect(new Set(got.map((claim) => claim.id)).size).toBe(got.length);
      for (const claim of got) {
        const kept = naive.kept.get(claim.id);
        expect(claim).toEqual({ ...kept?.entry, lease: claim.lease, leaseUntil: now + LEASE_MS });
        naive.kept.set(claim.id, { entry: claim, lease: claim.lease, freeAt: claim.leaseUntil });
        claims.push(claim);
      }
      return;
    }
    case 'advance':
      clock.advance(op.ms);
      return;
    case 'reschedule': {
      const claim = claims[op.pick % Math.max(claims.length, 1)];
      if (claim === undefined) return;
      const next = { dueAt: now + op.inMs, payload: `again ${now}` };
      const held = naive.holds(claim);
      expect(await schedule.reschedule(claim, next)).toBe(held);
      if (held) naive.put({ id: claim.id, ...next });
      return;
    }
    case 'finish': {
      const claim = claims[op.pick % Math.max(claims.length, 1)];
      if (claim === undefined) return;
      const held = naive.holds(claim);
      expect(await schedule.finish(claim)).toBe(held);
      if (held) naive.kept.delete(claim.id);
      return;
    }
    case 'remove':
      await schedule.remove(op.id);
      naive.kept.delete(op.id);
  }
}

const entry = (name: string, dueAt: number, payload = '{}'): PollEntry => ({ id: name, dueAt, payload });

describe('the poll schedule in memory', () => {
  it('behaves like a searched list under any sequence of operations, bound included', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 80 }), async (operations) => {
        const clock = new ManualClock();
        const parties = {
          clock,
          schedule: new MemoryPollSchedule(clock, 8),
          naive: new NaiveSchedule(8),
          claims: [] as PollClaim[],
        };
        for (const op of operations) {
          await step(op, parties);
          expect(parties.schedule.size).toBe(parties.naive.kept.size);
        }
        // Whatever happened, everything that is left can be claimed once its time has come.
        clock.advance(1_000);
        await step({ kind: 'claim', limit: 100 }, parties);
        await step({ kind: 'claim', limit: 100 }, parties);
      }),
      { numRuns: 300 },
    );
  });

  it('hands out the longest overdue first and nothing before its time', async () => {
    const clock = new ManualClock(1_000);
    const schedule = new MemoryPollSchedule(clock);
    await schedule.addMissing([entry('c', 900), entry('late', 1_001), entry('a', 700), entry('b', 800)]);
    expect((await schedule.claim(2, LEASE_MS)).map((claim) => claim.id)).toEqual(['a', 'b']);
    expect((await schedule.claim(9, LEASE_MS)).map((claim) => claim.id)).toEqual(['c']);
  });

  it('gives an entry to somebody else when its holder is silent until the lease ends, and then refuses the first holder', async () => {
    const clock = new ManualClock(1_000);
    const schedule = new MemoryPollSchedule(clock);
    await schedule.put(entry('pay_1', 1_000));
    const [first] = await schedule.claim(1, LEASE_MS);
    clock.advance(LEASE_MS - 1);
    expect(await schedule.claim(1, LEASE_MS)).toEqual([]);
    clock.advance(1);
    const [second] = await schedule.claim(1, LEASE_MS);
    if (first === undefined || second === undefined) throw new Error('both claims were due');

    expect(await schedule.reschedule(first, { dueAt: 0, payload: 'stolen' })).toBe(false);
    expect(await schedule.finish(first)).toBe(false);
    expect(await schedule.reschedule(second, { dueAt: clock.now(), payload: 'kept' })).toBe(true);
    expect((await schedule.claim(1, LEASE_MS)).map((claim) => claim.payload)).toEqual(['kept']);
  });

  it('lets news void a lease: the entry is due again at once and the holder can no longer move or end it', async () => {
    const clock = new ManualClock(1_000);
    const schedule = new MemoryPollSchedule(clock);
    await schedule.put(entry('pay_1', 1_000, 'old'));
    const [claim] = await schedule.claim(1, LEASE_MS);
    if (claim === undefined) throw new Error('the claim was due');
    await schedule.put(entry('pay_1', 1_000, 'news'));

    expect(await schedule.finish(claim)).toBe(false);
    expect(await schedule.reschedule(claim, { dueAt: 9_999, payload: 'old' })).toBe(false);
    expect((await schedule.claim(1, LEASE_MS)).map((next) => next.payload)).toEqual(['news']);
  });

  it('keeps what is there when the same entry is seeded again, its lease included', async () => {
    const clock = new ManualClock(1_000);
    const schedule = new MemoryPollSchedule(clock);
    await schedule.put(entry('pay_1', 1_000, 'first'));
    const [claim] = await schedule.claim(1, LEASE_MS);
    if (claim === undefined) throw new Error('the claim was due');
    await schedule.addMissing([entry('pay_1', 0, 'seeded')]);

    expect(await schedule.claim(1, LEASE_MS)).toEqual([]);
    expect(await schedule.finish(claim)).toBe(true);
    expect(schedule.size).toBe(0);
  });

  it('leaves out what exceeds its bound and takes it once there is room', async () => {
    const schedule = new MemoryPollSchedule(new ManualClock(1_000), 2);
    await schedule.addMissing([entry('a', 1), entry('b', 2), entry('c', 3)]);
    await schedule.put(entry('d', 4));
    expect(schedule.size).toBe(2);
    await schedule.remove('a');
    await schedule.addMissing([entry('c', 3)]);
    expect((await schedule.claim(9, LEASE_MS)).map((claim) => claim.id)).toEqual(['b', 'c']);
  });
});
