import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, systemClock } from '@tolem/domain';
import { MemorySingleFlight, type SingleFlight, type SingleFlightLimits } from '../single-flight.ts';
import { textOfError, textOfValue, valueOfText } from './flight-outcome.ts';
import { RedisAway } from './redis-away.ts';
import type { RedisHandle } from './redis-handle.ts';
import { RedisScript } from './redis-script.ts';

export interface RedisSingleFlightOptions extends SingleFlightLimits {
  /** A run of a process that says nothing any more is given up after this. Default 10,000 ms. */
  readonly leaseMs?: number;
  readonly clock?: Clock;
}

const LEASE_MS = 10_000;
const OUTCOME_KEPT_MS = 10_000;
const MAX_OUTCOME_CHARS = 262_144;
const FIRST_LOOK_MS = 10;
const MAX_LOOK_MS = 200;
const JOIN_WITHIN_MS = 60_000;

/** ARGV: our run, lease in ms. Reply: the run that is under way, ours if there was none. */
const BEGIN = new RedisScript(`
local running = redis.call('GET', KEYS[1])
if running then return running end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
`);

/** ARGV: our run, lease in ms. */
const RENEW = new RedisScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
`);

/** KEYS: the run under way, our outcome. ARGV: our run, outcome or '' for one that is not shared, how long it is kept. */
const FINISH = new RedisScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
return 1
`);

/** KEYS: the run under way, the outcome waited for. ARGV: the run waited for. Reply: its outcome, 1 for running, 0 for gone. */
const LOOK = new RedisScript(`
local outcome = redis.call('GET', KEYS[2])
if outcome then return outcome end
return redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0
`);

/**
 * Work done once for all processes that ask at the same moment. The first one runs it, the others look for its outcome at
 * growing intervals, at most a fifth of a second apart; nothing is kept for whoever asks later. While Redis is away, and
 * for a run whose process died, each process runs it once for itself.
 */
export class RedisSingleFlight implements SingleFlight {
  readonly #own: MemorySingleFlight;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #joinWithinMs: number;
  readonly #process = randomBytes(8).toString('hex');
  #runs = 0;

  constructor(
    private readonly redis: RedisHandle,
    options: RedisSingleFlightOptions = {},
  ) {
    this.#clock = options.clock ?? systemClock;
    this.#own = new MemorySingleFlight(this.#clock, options);
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#joinWithinMs = options.joinWithinMs ?? JOIN_WITHIN_MS;
  }

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#own.run(key, () => this.#once(key, work));
  }

  async #once<T>(key: string, work: () => Promise<T>): Promise<T> {
    const base = `${this.redis.prefix}{flight:${key}}`;
    this.#runs += 1;
    const run = `${this.#process}:${this.#runs}`;
    const deadline = this.#clock.monotonicMs() + this.#joinWithinMs;
    while (this.#clock.monotonicMs() < deadline) {
      const running = await unlessAway(BEGIN.run(this.redis, [base], [run, this.#leaseMs]));
      if (running === undefined) return work();
      if (running === run) return this.#fly(base, run, work);
      const outcome = await this.#outcomeOf(base, String(running), deadline);
      // One key means one kind of work, so whoever shares a key shares the type.
      if (outcome !== undefined) return valueOfText(outcome) as T;
    }
    return work();
  }

  async #fly<T>(base: string, run: string, work: () => Promise<T>): Promise<T> {
    const renewing = setInterval(() => {
      void unlessAway(RENEW.run(this.redis, [base], [run, this.#leaseMs]));
    }, this.#leaseMs / 3);
    renewing.unref();
    const end = async (text: string): Promise<void> => {
      clearInterval(renewing);
      const shared = text.length > MAX_OUTCOME_CHARS ? '' : text;
      await unlessAway(FINISH.run(this.redis, [base, `${base}:${run}`], [run, shared, OUTCOME_KEPT_MS]));
    };
    try {
      const value = await work();
      await end(textOfValue(value));
      return value;
    } catch (error) {
      await end(textOfError(error));
      throw error;
    }
  }

  /** What came of a run elsewhere; undefined where nothing will come of it any more. */
  async #outcomeOf(base: string, run: string, deadline: number): Promise<string | undefined> {
    for (let waitMs = FIRST_LOOK_MS; this.#clock.monotonicMs() < deadline; waitMs = Math.min(waitMs * 2, MAX_LOOK_MS)) {
      await pause(waitMs);
      const found = await unlessAway(LOOK.run(this.redis, [base, `${base}:${run}`], [run]));
      if (typeof found === 'string') return found;
      if (found !== 1) return undefined;
    }
    return undefined;
  }
}

async function unlessAway<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof RedisAway) return undefined;
    throw error;
  }
}
