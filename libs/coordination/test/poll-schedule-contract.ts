import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PollClaim, PollEntry, PollSchedule } from '../src/index.ts';
import { NaiveSchedule } from './naive-schedule.ts';

export interface ScheduleUnderTest {
  readonly schedule: PollSchedule;
  /** Epoch milliseconds, as the schedule sees them. */
  now(): number;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

export interface ScheduleContractOptions {
  /** How many random histories are tried. */
  readonly runs?: number;
}

const LEASE_MS = 50;

type Operation =
  | { readonly kind: 'put' | 'addMissing'; readonly id: string; readonly group: string; readonly inMs: number }
  | { readonly kind: 'missing'; readonly ids: readonly string[] }
  | { readonly kind: 'claim'; readonly limit: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'reschedule' | 'finish'; readonly pick: number; readonly inMs: number }
  | { readonly kind: 'remove'; readonly id: string };

const id = fc.integer({ min: 0, max: 14 }).map((n) => `pay_${n}`);
const group = fc.constantFrom('', 'con_1', 'con_2', 'con_3');
const inMs = fc.integer({ min: -20, max: 120 });
const pick = fc.nat(1_000);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constantFrom('put', 'addMissing'), id, group, inMs }),
  fc.record({ kind: fc.constant('missing'), ids: fc.uniqueArray(id) }),
  fc.record({ kind: fc.constant('claim'), limit: fc.integer({ min: 0, max: 6 }) }),
  fc.record({ kind: fc.constant('advance'), ms: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ kind: fc.constantFrom('reschedule', 'finish'), pick, inMs }),
  fc.record({ kind: fc.constant('remove'), id }),
);

interface Parties {
  readonly under: ScheduleUnderTest;
  readonly naive: NaiveSchedule;
  readonly claims: PollClaim[];
}

/** An entry without a group has none, rather than an empty one. */
function entryOf(name: string, dueAt: number, payload: string, of: string): PollEntry {
  return { id: name, dueAt, payload, ...(of === '' ? {} : { group: of }) };
}

/** Runs one operation against both and compares what can be seen. */
async function step(op: Operation, { under, naive, claims }: Parties): Promise<void> {
  const { schedule } = under;
  const now = under.now();
  switch (op.kind) {
    case 'put':
    case 'addMissing': {
      const entry = entryOf(op.id, now + op.inMs, `${op.kind} ${now}`, op.group);
      if (op.kind === 'put') await schedule.put(entry);
      else await schedule.addMissing([entry]);
      naive[op.kind](entry);
      return;
    }
    case 'missing': {
      const missing = await schedule.missing(op.ids);
      expect([...missing].sort()).toEqual(op.ids.filter((each) => !naive.kept.has(each)).sort());
      return;
    }
    case 'claim': {
      const expected = naive.claim(op.limit, now, now + LEASE_MS);
      const { claims: got, nextDueAt } = await schedule.claim(op.limit, LEASE_MS);
      expect(got.map((claim) => claim.id)).toEqual(expected);
      for (const claim of got) {
        const entry = naive.kept.get(claim.id)?.entry;
        expect(claim).toMatchObject({
          id: claim.id,
          dueAt: entry?.dueAt,
          payload: entry?.payload,
          leaseUntil: now + LEASE_MS,
        });
        expect(claim.group).toBe(entry?.group);
        naive.take(claim);
        claims.push(claim);
      }
      // Whoever sleeps until then misses nothing, and sleeps on for nothing only where the limit ended the claim.
      const soonest = naive.soonest();
      if (got.length < op.limit) expect(nextDueAt).toBe(soonest);
      else if (soonest !== undefined) expect(nextDueAt).toBeLessThanOrEqual(Math.max(now, soonest));
      return;
    }
    case 'advance':
      await under.advance(op.ms);
      return;
    case 'reschedule': {
      const claim = claims[op.pick % Math.max(claims.length, 1)];
      if (claim === undefined) return;
      const next = { dueAt: now + op.inMs, payload: `again ${now}` };
      const held = naive.holds(claim);
      expect(await schedule.reschedule(claim, next)).toBe(held);
      if (held) naive.put(entryOf(claim.id, next.dueAt, next.payload, claim.group ?? ''));
      return;
    }
    case 'finish': {
      const claim = claims[op.pick % Math.max(claims.length, 1)];
      if (claim === undefined) return;
      const held = naive.holds(claim);
      expect(await schedule.finish(claim)).toBe(held);
      if (held) naive.delete(op.kind === 'finish' ? claim.id : '');
      return;
    }
    case 'remove':
      await schedule.remove(op.id);
      naive.delete(op.id);
  }
}

/** Any sequence of operations has the same effect as on the searched list. */
export async function agreesWithNaiveSchedule(
  make: () => Promise<ScheduleUnderTest>,
  {
    runs = 300,
    maxEntries = Infinity,
    check,
  }: { runs?: number; maxEntries?: number; check?: (parties: Parties) => void },
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 80 }), async (operations) => {
      const parties: Parties = { under: await make(), naive: new NaiveSchedule(maxEntries), claims: [] };
      try {
        for (const op of operations) {
          await step(op, parties);
          check?.(parties);
        }
        // Whatever happened, everything that is left can be claimed once its time has come.
        await parties.under.advance(1_000);
        await step({ kind: 'claim', limit: 100 }, parties);
        await step({ kind: 'claim', limit: 100 }, parties);
      } finally {
        await parties.under.close();
      }
    }),
    { numRuns: runs },
  );
}

/** What every poll schedule of this house keeps, wherever it lives. */
export function pollScheduleContract(
  name: string,
  make: () => Promise<ScheduleUnderTest>,
  { runs = 300 }: ScheduleContractOptions = {},
): void {
  describe(name, () => {
    let under: ScheduleUnderTest;
    let schedule: PollSchedule;
    beforeEach(async () => {
      under = await make();
      schedule = under.schedule;
    });
    afterEach(() => under.close());

    const entry = (of: string, agoMs: number, payload = '{}', inGroup = ''): PollEntry =>
      entryOf(of, under.now() - agoMs, payload, inGroup);
    const take = async (limit: number, leaseMs: number): Promise<readonly PollClaim[]> =>
      (await schedule.claim(limit, leaseMs)).claims;
    const nextDueAt = async (limit: number): Promise<number | undefined> =>
      (await schedule.claim(limit, LEASE_MS)).nextDueAt;
    const idsOf = (claims: readonly PollClaim[]): string[] => claims.map((claim) => claim.id);
    async function claimOne(): Promise<PollClaim> {
      const [claim] = await take(1, LEASE_MS);
      if (claim === undefined) throw new Error('nothing was due');
      return claim;
    }

    it('behaves like a searched list under any sequence of operations', async () => {
      await agreesWithNaiveSchedule(make, { runs });
    });

    it('hands out the longest overdue first and nothing before its time', async () => {
      await schedule.addMissing([entry('c', 100), entry('late', -1_000), entry('a', 300), entry('b', 200)]);
      expect(idsOf(await take(2, LEASE_MS))).toEqual(['a', 'b']);
      expect(idsOf(await take(9, LEASE_MS))).toEqual(['c']);
    });

    it('hands out an entry once, however many ask at the same moment', async () => {
      await schedule.addMissing(Array.from({ length: 50 }, (_, n) => entry(`pay_${n}`, 10)));
      const claims = (await Promise.all(Array.from({ length: 10 }, () => take(8, LEASE_MS)))).flat();
      expect(claims).toHaveLength(50);
      expect(new Set(idsOf(claims)).size).toBe(50);
      expect(new Set(claims.map((claim) => claim.lease)).size).toBe(50);
    });

    it('says when the next entry is due, also while somebody holds it, and nothing once none is left', async () => {
      expect(await nextDueAt(9)).toBeUndefined();
      await schedule.addMissing([entry('later', -300), entry('soon', -100, '{}', 'con_1')]);
      expect(await nextDueAt(9)).toBe(under.now() + 100);
      await under.advance(100);
      const held = await claimOne();
      expect(await nextDueAt(9)).toBe(under.now() + LEASE_MS);
      expect(await schedule.finish(held)).toBe(true);
      expect(await nextDueAt(9)).toBe(under.now() + 200);
      await schedule.remove('later');
      expect(await nextDueAt(9)).toBeUndefined();
    });

    it('lets nobody sleep while more is due than was taken', async () => {
      await schedule.addMissing([entry('a', 10), entry('b', 20), entry('c', 5, '{}', 'con_1')]);
      expect(await nextDueAt(2)).toBeLessThanOrEqual(under.now());
      expect(await nextDueAt(9)).toBe(under.now() + LEASE_MS);
    });

    it('asks nobody to seed it again once it was seeded, not even when nothing is open any more', async () => {
      await schedule.addMissing([entry('pay_1', 0)]);
      await schedule.markSeeded();
      const { claims, emptied } = await schedule.claim(1, LEASE_MS);
      expect(emptied).toBe(false);
      for (const claim of claims) await schedule.finish(claim);
      await under.advance(3_600_000);
      expect((await schedule.claim(1, LEASE_MS)).emptied).toBe(false);
    });

    it('gives an entry to somebody else when its holder is silent until the lease ends, and then refuses the first holder', async () => {
      await schedule.put(entry('pay_1', 0));
      const first = await claimOne();
      await under.advance(LEASE_MS - 1);
      expect(await take(1, LEASE_MS)).toEqual([]);
      await under.advance(1);
      const second = await claimOne();

      expect(await schedule.reschedule(first, { dueAt: 0, payload: 'stolen' })).toBe(false);
      expect(await schedule.finish(first)).toBe(false);
      expect(await schedule.reschedule(second, { dueAt: under.now(), payload: 'kept' })).toBe(true);
      expect((await claimOne()).payload).toBe('kept');
    });

    it('takes the word of a holder whose lease has ended while nobody else has taken the entry', async () => {
      await schedule.put(entry('pay_1', 0));
      const claim = await claimOne();
      await under.advance(10 * LEASE_MS);
      expect(await schedule.reschedule(claim, { dueAt: under.now() + 5, payload: 'late' })).toBe(true);
      expect(await take(1, LEASE_MS)).toEqual([]);
    });

    it('lets a holder speak once: after its word the claim is worth nothing', async () => {
      await schedule.put(entry('pay_1', 0));
      const claim = await claimOne();
      expect(await schedule.reschedule(claim, { dueAt: under.now(), payload: 'first' })).toBe(true);
      expect(await schedule.reschedule(claim, { dueAt: under.now(), payload: 'second' })).toBe(false);
      expect(await schedule.finish(claim)).toBe(false);
      expect((await claimOne()).payload).toBe('first');
    });

    it('lets news void a lease: the entry is due again at once and the holder can no longer move or end it', async () => {
      await schedule.put(entry('pay_1', 0, 'old'));
      const claim = await claimOne();
      await schedule.put(entry('pay_1', 0, 'news'));

      expect(await schedule.finish(claim)).toBe(false);
      expect(await schedule.reschedule(claim, { dueAt: under.now() + 9_999, payload: 'old' })).toBe(false);
      expect((await claimOne()).payload).toBe('news');
    });

    it('keeps what is there when the same entry is seeded again, its lease included', async () => {
      await schedule.put(entry('pay_1', 0, 'first'));
      const claim = await claimOne();
      await schedule.addMissing([entry('pay_1', 1_000, 'seeded', 'con_2')]);

      expect(await take(1, LEASE_MS)).toEqual([]);
      expect(await schedule.finish(claim)).toBe(true);
      await under.advance(10 * LEASE_MS);
      expect(await take(1, LEASE_MS)).toEqual([]);
    });

    it('says what is lost, and counts what somebody holds as there', async () => {
      const ids = Array.from({ length: 2_500 }, (_, n) => `pay_${n}`);
      expect(await schedule.missing(ids)).toHaveLength(2_500);
      await schedule.addMissing(ids.map((each) => entry(each, 10)));
      await take(5, LEASE_MS);
      expect(await schedule.missing(ids)).toEqual([]);
      await schedule.remove('pay_0');
      await schedule.remove('pay_2499');
      expect([...(await schedule.missing(ids))].sort()).toEqual(['pay_0', 'pay_2499']);
      expect(await schedule.missing([])).toEqual([]);
    });

    it('is healed by re-seeding: what was lost comes back and what is held stays held', async () => {
      const seeds = ['a', 'b', 'c'].map((each) => entry(each, 10));
      await schedule.addMissing(seeds);
      const held = await claimOne();
      await schedule.remove('b');
      await schedule.addMissing(seeds);
      expect(idsOf(await take(9, LEASE_MS))).toEqual(['b', 'c']);
      expect(await schedule.finish(held)).toBe(true);
    });

    it('forgets what is removed, whoever holds it', async () => {
      await schedule.addMissing([entry('a', 10), entry('b', 5)]);
      const held = await claimOne();
      await schedule.remove('a');
      await schedule.remove('b');
      await schedule.remove('never there');
      expect(await schedule.reschedule(held, { dueAt: 0, payload: 'back' })).toBe(false);
      await under.advance(10 * LEASE_MS);
      expect(await take(9, LEASE_MS)).toEqual([]);
    });

    describe('between groups', () => {
      const busy = (count: number): PollEntry[] =>
        Array.from({ length: count }, (_, n) => entry(`busy_${n}`, 60_000 + n, '{}', 'con_busy'));

      it('gives each its turn: one with thousands overdue does not starve those that have just become due', async () => {
        const quiet = Array.from({ length: 15 }, (_, n) => entry(`quiet_${n}`, 0, '{}', `con_${n % 5}`));
        await schedule.addMissing([...busy(3_000), ...quiet]);
        const claims = await take(20, LEASE_MS);
        expect(claims.filter(({ group: of }) => of !== 'con_busy')).toHaveLength(15);
        expect(claims.filter(({ group: of }) => of === 'con_busy')).toHaveLength(5);
      });

      it('hands everything to one that is alone', async () => {
        await schedule.addMissing(busy(30));
        expect(await take(20, LEASE_MS)).toHaveLength(20);
        expect(await take(20, LEASE_MS)).toHaveLength(10);
      });

      it('goes on with the turns where the last claim ended', async () => {
        const groups = ['con_1', 'con_2', 'con_3'];
        await schedule.addMissing(
          groups.flatMap((of) => Array.from({ length: 4 }, (_, n) => entry(`${of}_${n}`, 100 - n, '{}', of))),
        );
        const served: (string | undefined)[] = [];
        for (let n = 0; n < 12; n += 1) served.push((await claimOne()).group);
        expect(served).toEqual([...groups, ...groups, ...groups, ...groups]);
      });

      it('keeps the place in the line of what was due when nothing was taken', async () => {
        await schedule.put(entry('first', 0, '{}', 'con_1'));
        expect(await take(0, LEASE_MS)).toEqual([]);
        await schedule.put(entry('second', 1, '{}', 'con_2'));
        expect(idsOf(await take(9, LEASE_MS))).toEqual(['first', 'second']);
      });

      it('keeps the order of due times within a group', async () => {
        await schedule.addMissing([
          entry('a2', 20, '{}', 'con_a'),
          entry('b1', 5, '{}', 'con_b'),
          entry('a1', 30, '{}', 'con_a'),
          entry('b2', 1, '{}', 'con_b'),
          entry('a3', 10, '{}', 'con_a'),
        ]);
        expect(idsOf(await take(9, LEASE_MS))).toEqual(['a1', 'b1', 'a2', 'b2', 'a3']);
      });

      it('lets nobody jump the line by coming back at once: who was served waits for all the others', async () => {
        await schedule.addMissing([
          entry('eager', 100, '{}', 'con_eager'),
          ...['x', 'y', 'z'].map((of) => entry(of, 1, '{}', of)),
        ]);
        const order: string[] = [];
        for (let n = 0; n < 5; n += 1) {
          const claim = await claimOne();
          order.push(claim.id);
          await schedule.reschedule(claim, { dueAt: 0, payload: '{}' });
        }
        expect(order).toEqual(['eager', 'x', 'y', 'z', 'eager']);
      });

      it('leaves an entry in its group when it is rescheduled, and moves it when it is put into another', async () => {
        await schedule.put(entry('pay_1', 10, '{}', 'con_1'));
        const claim = await claimOne();
        expect(claim.group).toBe('con_1');
        await schedule.reschedule(claim, { dueAt: under.now(), payload: '{}' });
        expect((await claimOne()).group).toBe('con_1');
        await schedule.put(entry('pay_1', 10, '{}', 'con_2'));
        expect((await claimOne()).group).toBe('con_2');
        await under.advance(LEASE_MS - 1);
        expect(await take(9, LEASE_MS)).toEqual([]);
      });
    });
  });
}
