import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '@tolem/domain';
import { DEFAULT_SLOT_LIMITS, type SlotKind, type SlotLimits, type Slots } from '../slots.ts';
import { RedisAway } from './redis-away.ts';
import type { RedisHandle } from './redis-handle.ts';
import { NOW, RedisScript, type ScriptTime, timeArgument } from './redis-script.ts';

export interface RedisSlotsOptions {
  readonly limits?: SlotLimits;
  /**
   * How long the slots of a process that says nothing any more stay taken. Longer than the longest call to a provider
   * (30 s), so that the calls of a process that lost its way to Redis have ended by then.
   */
  readonly leaseMs?: number;
  readonly time?: ScriptTime;
  readonly clock?: Clock;
}

const LEASE_MS = 45_000;
const TEND_EVERY_MS = 1_000;
/** A lease is renewed so many times before it would end. */
const RENEWALS = 4;
/** Of a limit this share may stay with a process that does not need it for the moment. */
const SPARE_SHARE = 8;

/** A process that was refused counts as hungry for so long. */
const HUNGRY_MS = 2_000;

/**
 * One key holds a hash: process -> "slots:until:hungry until". ARGV: time, process, limit, slots held, needed, wanted,
 * lease in ms. Reply: how many slots are the process' own from now on, and 1 where others may want them. It states numbers,
 * not changes: said twice, or lost, it does no harm.
 */
const STATE = new RedisScript(`${NOW}
local limit, held, needed, wanted = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local all, others, processes, hungry = redis.call('HGETALL', KEYS[1]), 0, 1, false
for i = 1, #all, 2 do
  local slots, till, hungryTill = string.match(all[i + 1], '^(%d+):(%d+):(%d+)$')
  local holds, wants = tonumber(till) > now, tonumber(hungryTill) > now
  if not holds and not wants then
    redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] ~= ARGV[2] then
    processes = processes + 1
    if holds then others = others + slots end
    hungry = hungry or wants
  end
end
local most = limit - others
-- Whoever has more than its share while another one was refused keeps what it holds and gets no more.
if hungry then most = math.min(most, math.max(math.floor(limit / processes), 1)) end
-- What is held is held, also where others took its place because Redis had been emptied.
local granted = math.max(held, math.min(wanted, most))
local till, hungryTill = 0, 0
if granted > 0 then till = now + ARGV[7] end
if granted < needed then hungryTill = now + ${HUNGRY_MS} end
if till > 0 or hungryTill > 0 then
  redis.call('HSET', KEYS[1], ARGV[2], string.format('%d:%.0f:%.0f', granted, till, hungryTill))
  redis.call('PEXPIRE', KEYS[1], ARGV[7] + 60000)
else
  redis.call('HDEL', KEYS[1], ARGV[2])
end
return { granted, (hungry or others + granted >= limit) and 1 or 0 }
`);

/** The slots of one kind for one key, as this process knows them. */
interface Line {
  readonly key: string;
  readonly limit: number;
  /** May stay here without being held. */
  readonly spare: number;
  held: number;
  /** How many are this process' own. */
  granted: number;
  /** Callers that wait for a slot. */
  waiting: number;
  /** The most that were held since it was last looked at. */
  peak: number;
  /** Others may want what is not held here. */
  scarce: boolean;
  stating: Promise<boolean> | undefined;
  statedMs: number;
  /** Redis has heard the last statement: what it has not heard stays taken there until the lease ends. */
  told: boolean;
}

/**
 * Slots shared by all processes of an installation. A process has some of them granted, and takes and gives back among
 * those without asking Redis; a few may stay with it for about a second when it does not need them. What a dead process
 * held comes back when its lease ends.
 *
 * While Redis is away each process counts for itself, up to the same limits: never stuck, never an error to the caller,
 * and together at most as many times the limit as there are processes. Emptied, Redis learns anew within some seconds.
 */
export class RedisSlots implements Slots {
  readonly #lines = new Map<string, Line>();
  readonly #process = randomBytes(8).toString('hex');
  readonly #limits: SlotLimits;
  readonly #leaseMs: number;
  readonly #time: ScriptTime;
  readonly #clock: Clock;
  readonly #stopListening: () => void;
  #tending: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly redis: RedisHandle,
    options: RedisSlotsOptions = {},
  ) {
    this.#limits = options.limits ?? DEFAULT_SLOT_LIMITS;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#time = options.time ?? 'redis';
    this.#clock = options.clock ?? systemClock;
    // Back from an absence it may have forgotten us.
    this.#stopListening = redis.onReady(() => this.renew());
  }

  async tryTake(key: string, kind: SlotKind): Promise<(() => void) | undefined> {
    const line = this.#lineOf(key, kind);
    line.waiting += 1;
    try {
      let counted = true;
      // A statement under way may cost us what we have, and may have been made before we wanted one: then once more.
      let asked = line.stating === undefined ? 1 : 0;
      while (counted && asked < 2 && (line.stating !== undefined || line.held >= line.granted)) {
        counted = await this.#state(line);
        asked += 1;
      }
      if (!counted) return line.held < line.limit ? this.#give(line) : undefined;
      return line.stating === undefined && line.held < line.granted ? this.#give(line) : undefined;
    } finally {
      line.waiting -= 1;
    }
  }

  /** How many pairs of key and kind this process knows. */
  get size(): number {
    return this.#lines.size;
  }

  /** Tells Redis what this process holds. */
  renew(): void {
    for (const line of this.#lines.values()) void this.#state(line);
  }

  /** Gives back what nobody needs, renews what is held: once a second. */
  tend(): void {
    const now = this.#clock.monotonicMs();
    for (const [name, line] of this.#lines) {
      const needed = Math.max(line.peak, line.held) + line.waiting;
      line.peak = line.held;
      if (needed === 0 && line.granted === 0 && line.stating === undefined && line.told) this.#lines.delete(name);
      else if (needed < line.granted || !line.told || now - line.statedMs >= this.#leaseMs / RENEWALS) {
        line.granted = Math.min(line.granted, needed);
        void this.#state(line);
      }
    }
    if (this.#lines.size === 0) {
      clearInterval(this.#tending);
      this.#tending = undefined;
    }
  }

  /** Gives everything back that is not held; what is still held comes back by its end, or by the end of its lease. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopListening();
    clearInterval(this.#tending);
    await Promise.all(
      Array.from(this.#lines.values(), async (line) => {
        await line.stating;
        line.granted = line.held;
        await this.#state(line);
      }),
    );
  }

  #lineOf(key: string, kind: SlotKind): Line {
    const name = `${kind} ${key}`;
    const known = this.#lines.get(name);
    if (known !== undefined) return known;
    const limit = this.#limits[kind];
    const line: Line = {
      key: `${this.redis.prefix}{slots:${name}}`,
      limit,
      spare: Math.floor(limit / SPARE_SHARE),
      held: 0,
      granted: 0,
      waiting: 0,
      peak: 0,
      scarce: false,
      stating: undefined,
      told: true,
      statedMs: this.#clock.monotonicMs(),
    };
    this.#lines.set(name, line);
    if (this.#tending === undefined && !this.#closed) {
      this.#tending = setInterval(() => this.tend(), TEND_EVERY_MS);
      this.#tending.unref();
    }
    return line;
  }

  #give(line: Line): () => void {
    line.held += 1;
    line.peak = Math.max(line.peak, line.held);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      line.held -= 1;
      this.#giveBackSurplus(line);
    };
  }

  #giveBackSurplus(line: Line): void {
    const needed = line.held + line.waiting;
    if (line.granted - needed <= this.#spareOf(line)) return;
    // Ours no more from now on: who wants one meanwhile asks for it.
    line.granted = needed + Math.ceil(this.#spareOf(line) / 2);
    void this.#state(line);
  }

  #spareOf(line: Line): number {
    return this.#closed || line.scarce ? 0 : line.spare;
  }

  /** States our need, one statement after the other; false where Redis could not be told. */
  #state(line: Line): Promise<boolean> {
    line.stating ??= this.#tell(line).finally(() => {
      line.stating = undefined;
      this.#giveBackSurplus(line);
    });
    return line.stating;
  }

  async #tell(line: Line): Promise<boolean> {
    // All who want one in this turn are counted.
    await Promise.resolve();
    const needed = line.held + line.waiting;
    const ahead = line.waiting === 0 ? 0 : Math.ceil(this.#spareOf(line) / 2);
    const wanted = Math.min(Math.max(line.granted, needed + ahead), line.limit);
    line.statedMs = this.#clock.monotonicMs();
    line.told = false;
    const numbers = [line.limit, line.held, needed, wanted, this.#leaseMs];
    try {
      const reply = await STATE.run(this.redis, [line.key], [timeArgument(this.#time), this.#process, ...numbers]);
      if (!Array.isArray(reply)) return false;
      line.told = true;
      line.granted = Number(reply[0]);
      line.scarce = reply[1] === 1;
      return true;
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
      return false;
    }
  }
}
