import type { Clock } from '@tolem/domain';

export interface PollRhythm {
  /** The shortest time between two looks: what falls due meanwhile is taken together. */
  readonly pollTickMs: number;
  /** The same while more is due than a look has taken. */
  readonly pollBusyTickMs: number;
  /** The longest time between two looks; bounds what another process has put in and did not live to take out. */
  readonly pollIdleMs: number;
}

/** Calls `then` after `ms`, unless what it returns is called before. */
export type CallAfter = (ms: number, then: () => void) => () => void;

const callAfter: CallAfter = (ms, then) => {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
};

/** A look a little too early finds nothing and costs a whole turn; clocks and ways differ by about so much. */
const AFTER_DUE_MS = 5;

/**
 * Looks into the schedule when something falls due there: as far as the last look or this process itself knows of it, not
 * more often than every `pollTickMs`, and now and then whatever is known. While it finds more than it takes, it looks again
 * as soon as `pollBusyTickMs` allow.
 */
export class PollTimer {
  #cancel: (() => void) | undefined;
  /** When the timer goes off, and before when it must not; both of the monotonic clock. */
  #setFor = Infinity;
  #notBefore = -Infinity;
  #soonest = Infinity;
  #looking: Promise<void> | undefined;
  #started = false;

  constructor(
    /** Never rejects. Resolves with the time of what is due next, epoch ms, as far as it is known. */
    private readonly look: () => Promise<number | undefined>,
    private readonly clock: Clock,
    private readonly rhythm: PollRhythm,
    private readonly after: CallAfter = callAfter,
  ) {}

  start(): void {
    this.#started = true;
    this.#set(-Infinity);
  }

  /** Something was put in that falls due at that time, epoch ms. */
  expect(dueAt: number): void {
    // The look under way may have come before it.
    if (this.#looking !== undefined) this.#soonest = Math.min(this.#soonest, dueAt);
    else this.#set(dueAt);
  }

  /** Resolves when the last look is over. */
  async stop(): Promise<void> {
    this.#started = false;
    this.#cancel?.();
    await this.#looking;
  }

  #set(dueAt: number): void {
    if (!this.#started) return;
    const { pollIdleMs } = this.rhythm;
    const nowMs = this.clock.monotonicMs();
    const untilDueMs = dueAt + AFTER_DUE_MS - this.clock.now();
    const waitMs = Math.max(Math.min(untilDueMs, pollIdleMs), this.#notBefore - nowMs, 0);
    if (nowMs + waitMs >= this.#setFor) return;
    this.#cancel?.();
    this.#setFor = nowMs + waitMs;
    this.#cancel = this.after(waitMs, () => {
      this.#setFor = Infinity;
      this.#looking = this.#lookNow();
    });
  }

  async #lookNow(): Promise<void> {
    this.#soonest = Infinity;
    const begunMs = this.clock.monotonicMs();
    const { pollTickMs, pollBusyTickMs } = this.rhythm;
    const found = (await this.look()) ?? Infinity;
    this.#notBefore = begunMs + (found <= this.clock.now() ? pollBusyTickMs : pollTickMs);
    this.#looking = undefined;
    this.#set(Math.min(found, this.#soonest));
  }
}
