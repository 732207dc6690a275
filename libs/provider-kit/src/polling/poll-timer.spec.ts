import { afterEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import { PollTimer } from './poll-timer.ts';

const RHYTHM = { pollTickMs: 50, pollBusyTickMs: 10, pollIdleMs: 250 };
/** A look comes that much after what it looks for, at most. */
const AFTER_DUE_MS = 5;

/** A schedule of due times, looked into by a timer whose time is moved. */
class World {
  readonly clock = new ManualClock();
  readonly beginMs = this.clock.now();
  /** When it was looked, in ms since the beginning. */
  readonly looks: number[] = [];
  /** How late what was found had become. */
  readonly lateness: number[] = [];
  due: number[] = [];
  /** Most that a look takes. */
  most = Infinity;
  during: (() => void) | undefined;
  gate: Promise<undefined> | undefined;
  #calls: { readonly atMs: number; readonly then: () => void }[] = [];

  readonly timer = new PollTimer(
    () => this.#look(),
    this.clock,
    RHYTHM,
    (ms, then) => {
      const call = { atMs: this.clock.monotonicMs() + ms, then };
      this.#calls.push(call);
      return () => (this.#calls = this.#calls.filter((one) => one !== call));
    },
  );

  /** Puts something in, as this process does. */
  put(inMs: number): void {
    this.due.push(this.clock.now() + inMs);
    this.timer.expect(this.clock.now() + inMs);
  }

  async pass(ms: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + ms;
    for (;;) {
      const [next] = this.#calls.toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > endMs) break;
      this.#calls = this.#calls.filter((one) => one !== next);
      this.clock.advance(Math.max(0, next.atMs - this.clock.monotonicMs()));
      next.then();
      // The look and what follows from it are over before time goes on.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.clock.advance(endMs - this.clock.monotonicMs());
  }

  async #look(): Promise<number | undefined> {
    const now = this.clock.now();
    this.looks.push(now - this.beginMs);
    const taken = this.due.filter((at) => at <= now).slice(0, this.most);
    this.lateness.push(...taken.map((at) => now - at));
    this.due = this.due.filter((at) => !taken.includes(at));
    const next = this.due.length === 0 ? undefined : Math.min(...this.due);
    this.during?.();
    await this.gate;
    return next;
  }
}

describe('looking into the poll schedule', () => {
  let world: World;
  const begin = (): void => {
    world = new World();
    world.timer.start();
  };
  afterEach(() => world.timer.stop());

  it('happens at once at the start, and four times a second where nothing is known to fall due', async () => {
    begin();
    await world.pass(1_000);
    expect(world.looks).toEqual([0, 250, 500, 750, 1_000]);
  });

  it('happens when something falls due that this process has put in, though the sleep was longer', async () => {
    begin();
    await world.pass(10);
    world.put(100);
    await world.pass(500);
    expect(world.lateness).toEqual([AFTER_DUE_MS]);
    expect(world.looks.slice(0, 2)).toEqual([0, 110 + AFTER_DUE_MS]);
  });

  it('happens when something falls due that another process has put in, once a look has seen it', async () => {
    begin();
    await world.pass(10);
    world.due.push(world.clock.now() + 300);
    await world.pass(1_000);
    expect(world.lateness).toEqual([AFTER_DUE_MS]);
  });

  it('is at most its longest sleep late for what another process puts in and nobody has seen', async () => {
    begin();
    await world.pass(10);
    world.due.push(world.clock.now() + 1);
    await world.pass(1_000);
    expect(world.lateness).toEqual([239]);
  });

  it('takes together what falls due within the shortest time between two looks, and nothing gets later than that', async () => {
    begin();
    for (let n = 0; n < 200; n += 1) {
      world.put(7);
      await world.pass(5);
    }
    await world.pass(1_000);
    expect(world.lateness).toHaveLength(200);
    expect(Math.max(...world.lateness)).toBeLessThanOrEqual(RHYTHM.pollTickMs);
    const gaps = world.looks.slice(1).map((at, n) => at - (world.looks[n] ?? 0));
    expect(Math.min(...gaps)).toBe(RHYTHM.pollTickMs);
  });

  it('comes again soon while more is due than it takes, and then as seldom as before', async () => {
    begin();
    await world.pass(10);
    world.most = 1;
    world.due = [1, 2, 3, 4].map((ms) => world.clock.now() + ms);
    world.put(5);
    await world.pass(1_000);
    const gaps = world.looks.slice(1).map((at, n) => at - (world.looks[n] ?? 0));
    expect(gaps.slice(1, 6)).toEqual([10, 10, 10, 10, 250]);
  });

  it('does not oversleep what is put in while a look is under way and did not see it', async () => {
    begin();
    await world.pass(10);
    world.during = () => {
      world.during = undefined;
      world.put(80);
    };
    await world.pass(1_000);
    expect(world.lateness).toEqual([AFTER_DUE_MS]);
  });

  it('waits for the look under way at the end, and none comes after it', async () => {
    begin();
    const gate = Promise.withResolvers<undefined>();
    world.gate = gate.promise;
    await world.pass(0);
    let stopped = false;
    const stopping = world.timer.stop().then(() => (stopped = true));
    world.put(0);
    await world.pass(1_000);
    expect(stopped).toBe(false);
    gate.resolve(undefined);
    await stopping;
    await world.pass(1_000);
    expect(world.looks).toEqual([0]);
  });
});
