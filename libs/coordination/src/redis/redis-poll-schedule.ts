import { createHash, randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '@tolem/domain';
import type { PollClaim, PollEntry, PollSchedule, PollTurn } from '../poll-schedule.ts';
import { soonestOf } from '../soonest-of.ts';
import { CLAIM, END, MISSING, PUT, RESCHEDULE, SEEDED } from './poll-schedule-scripts.ts';
import { Gathered } from './gathered.ts';
import type { RedisHandle } from './redis-handle.ts';
import { type ScriptTime, timeArgument } from './redis-script.ts';

export interface RedisPollScheduleOptions {
  /** Who shares the schedule: the name of the provider's service. */
  readonly name: string;
  /**
   * In how many parts the schedule is kept, by a hash of the id; each part lies in one slot of a cluster and takes its own
   * turns between groups. The same in every process; after a change Redis is emptied. Default 1: a Redis does one thing
   * at a time, so parts gain nothing within one of them, and cost a call each where nothing is due.
   */
  readonly shards?: number;
  readonly maxEntries?: number;
  /** The clock of this process, in which entries and claims tell their times. */
  readonly clock?: Clock;
  readonly time?: ScriptTime;
}

interface Shard {
  readonly number: number;
  readonly keys: readonly string[];
  readonly rescheduling: Gathered<Rescheduled, boolean>;
}

interface Rescheduled {
  readonly claim: PollClaim;
  readonly dueAt: number;
  readonly payload: string;
}

const MAX_ENTRIES = 1_000_000;
/** So that a re-seeding of everything never holds up the others for more than some milliseconds. */
const ENTRIES_PER_CALL = 250;
/** The same for a mere look whether they are there. */
const IDS_PER_CALL = 1_000;
const FIELDS_OF_CLAIM = 5;
/** Every question ends with one; at a thousand a second some of them travel together. */
const RESCHEDULED = { gatherMs: 4, most: 100 };

/**
 * The schedule of all processes of a service, kept in Redis and moved by its time. One call each for putting, claiming any
 * number, rescheduling and ending. Rejects with RedisAway while Redis is away; SteadyPollSchedule goes on without it.
 */
export class RedisPollSchedule implements PollSchedule {
  readonly #shards: readonly Shard[];
  readonly #clock: Clock;
  readonly #time: ScriptTime;
  readonly #maxPerShard: number;
  /** Leases must never be alike, also not those given before Redis was emptied. */
  readonly #owner = randomBytes(6).toString('hex');
  #claims = 0;

  constructor(
    private readonly redis: RedisHandle,
    options: RedisPollScheduleOptions,
  ) {
    const count = options.shards ?? 1;
    if (!(Number.isSafeInteger(count) && count > 0)) throw new RangeError(`a schedule cannot have ${count} shards`);
    this.#shards = Array.from({ length: count }, (_, number) => {
      const tag = `${redis.prefix}{poll:${options.name}:${number}}:`;
      const keys = ['entries', 'asleep', 'ring', 'group:', 'seeded'].map((key) => `${tag}${key}`);
      return { number, keys, rescheduling: new Gathered(RESCHEDULED, (some) => this.#reschedule(keys, some)) };
    });
    this.#clock = options.clock ?? systemClock;
    this.#time = options.time ?? 'redis';
    this.#maxPerShard = Math.ceil((options.maxEntries ?? MAX_ENTRIES) / count);
  }

  async missing(ids: readonly string[]): Promise<readonly string[]> {
    const byShard = Map.groupBy(ids, (id) => this.#shardOf(id));
    const parts = [...byShard].flatMap(([shard, own]) =>
      chunksOf(own, IDS_PER_CALL).map(async (some) => {
        const reply = await MISSING.run(this.redis, shard.keys, some);
        if (!Array.isArray(reply)) throw new TypeError('missing entries were answered with something else than a list');
        return reply.map(String);
      }),
    );
    return (await Promise.all(parts)).flat();
  }

  async addMissing(entries: readonly PollEntry[]): Promise<void> {
    for (const some of chunksOf(entries, ENTRIES_PER_CALL)) await this.#put('missing', some);
  }

  put(entry: PollEntry): Promise<void> {
    return this.#put('all', [entry]);
  }

  async markSeeded(): Promise<void> {
    await Promise.all(this.#shards.map(({ keys }) => SEEDED.run(this.redis, keys, [])));
  }

  async claim(limit: number, leaseMs: number): Promise<PollTurn> {
    this.#claims += 1;
    const claims: PollClaim[] = [];
    const turns: PollTurn[] = [];
    // Who takes nothing wakes what is due all the same, so that it keeps its place among what becomes due later.
    for (let n = 0; n < this.#shards.length && (claims.length < limit || limit === 0); n += 1) {
      // Another shard is first each time, so that none of them goes hungry behind the others.
      const shard = this.#shards[(this.#claims + n) % this.#shards.length];
      if (shard === undefined) continue;
      const turn = await this.#claimFrom(shard, limit - claims.length, leaseMs);
      turns.push(turn);
      claims.push(...turn.claims);
    }
    // Where the limit ended it, not all shards were looked at.
    const nextDueAt = claims.length < limit ? soonestOf(turns.map((turn) => turn.nextDueAt)) : this.#clock.now();
    return { claims, nextDueAt, emptied: turns.some((turn) => turn.emptied) };
  }

  async reschedule(claim: PollClaim, next: { readonly dueAt: number; readonly payload: string }): Promise<boolean> {
    return this.#shardOf(claim.id).rescheduling.run({ claim, ...next });
  }

  async finish(claim: PollClaim): Promise<boolean> {
    return (await END.run(this.redis, this.#shardOf(claim.id).keys, [claim.id, claim.lease])) === 1;
  }

  async remove(id: string): Promise<void> {
    await END.run(this.redis, this.#shardOf(id).keys, [id, '']);
  }

  async #reschedule(keys: readonly string[], some: readonly Rescheduled[]): Promise<readonly boolean[]> {
    const reply = await RESCHEDULE.run(this.redis, keys, [
      timeArgument(this.#time),
      ...some.flatMap(({ claim, dueAt, payload }) => [claim.id, claim.lease, this.#delay(dueAt), payload]),
    ]);
    if (!Array.isArray(reply)) throw new TypeError('rescheduling was answered with something else than a list');
    return reply.map((done) => done === 1);
  }

  async #put(which: 'all' | 'missing', entries: readonly PollEntry[]): Promise<void> {
    const byShard = Map.groupBy(entries, (entry) => this.#shardOf(entry.id));
    await Promise.all(
      Array.from(byShard, ([shard, own]) =>
        PUT.run(this.redis, shard.keys, [
          ...[timeArgument(this.#time), which, this.#maxPerShard],
          ...own.flatMap(({ id, dueAt, payload, group }) => [id, this.#delay(dueAt), payload, group ?? '']),
        ]),
      ),
    );
  }

  async #claimFrom(shard: Shard, limit: number, leaseMs: number): Promise<PollTurn> {
    const token = `${this.#owner}:${this.#claims}:${shard.number}`;
    const reply = await CLAIM.run(this.redis, shard.keys, [timeArgument(this.#time), limit, leaseMs, token]);
    if (!Array.isArray(reply)) throw new TypeError('a claim was answered with something else than a list');
    const [redisNow, nextDue = '', emptied, ...fields] = reply.map(String);
    const aheadMs = this.#clock.now() - Number(redisNow);
    const leaseUntil = Number(redisNow) + leaseMs + aheadMs;
    const claims: PollClaim[] = [];
    for (let at = 0; at < fields.length; at += FIELDS_OF_CLAIM) {
      const [id = '', lease = '', due, group = '', payload = ''] = fields.slice(at, at + FIELDS_OF_CLAIM);
      const dueAt = Number(due) + aheadMs;
      claims.push({ id, dueAt, payload, lease, leaseUntil, ...(group === '' ? {} : { group }) });
    }
    return { claims, nextDueAt: nextDue === '' ? undefined : Number(nextDue) + aheadMs, emptied: emptied === '1' };
  }

  #delay(dueAt: number): number {
    return Math.round(dueAt - this.#clock.now());
  }

  #shardOf(id: string): Shard {
    const [first] = this.#shards;
    const hash = this.#shards.length === 1 ? 0 : createHash('sha1').update(id).digest().readUInt32BE(0);
    const shard = this.#shards[hash % this.#shards.length] ?? first;
    if (shard === undefined) throw new RangeError('a schedule without shards');
    return shard;
  }
}

function chunksOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
}
