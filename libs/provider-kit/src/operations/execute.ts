import type { SlotKind, Slots } from '@tolem/coordination';
import { inSpan } from '@tolem/observability';
import type { Operation } from './operation.ts';
import type { KitSurroundings } from '../settings.ts';

/** Carries out one kind of operation: makes the call and writes what came of it. */
export interface OperationWork {
  readonly slot: SlotKind;
  run(operation: Operation): Promise<void>;
  /** There is no room for this operation; it ends here or is left for later. */
  overloaded(operation: Operation): Promise<void>;
}

const RETRY_SLOT_MS = 25;

/**
 * Operations in the hands of this process. Each connection has a line of its own for each kind of slot, and the lines
 * take turns, so a slow bank or a busy organization holds up nobody else. Of one lane, one operation runs at a time.
 */
export class Executor {
  readonly #lines = new Map<string, Operation[]>();
  readonly #lanes = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #pumping = false;
  #again = false;
  #stopped = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly slots: Slots,
    private readonly work: ReadonlyMap<string, OperationWork>,
    private readonly around: KitSurroundings,
  ) {}

  /** Takes operations over; returns at once. What finds no room is told so. */
  take(operations: readonly Operation[]): void {
    for (const operation of operations) {
      const work = this.work.get(operation.kind);
      if (work === undefined || this.#stopped) continue;
      const line = `${work.slot} ${operation.connectionId}`;
      const waiting = this.#lines.get(line) ?? [];
      if (waiting.length >= this.around.settings.maxQueuedPerConnection)
        this.#track(this.#guard(operation, work.overloaded(operation)));
      else this.#lines.set(line, [...waiting, operation]);
    }
    this.#pump();
  }

  /** Drops what waits for a subject that has ended meanwhile. What runs already finds out when it writes. */
  withdraw(subjectId: string): void {
    for (const [line, waiting] of this.#lines) {
      this.#lines.set(
        line,
        waiting.filter((operation) => operation.subject.id !== subjectId),
      );
    }
  }

  get busy(): number {
    return this.#running.size;
  }

  /** Begins nothing more and waits for what runs; what waits is taken over by another process or the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#lines.clear();
    await Promise.allSettled([...this.#running]);
  }

  #pump(): void {
    if (this.#pumping) {
      this.#again = true;
      return;
    }
    this.#pumping = true;
    void this.#startWhatMay()
      .catch((error: unknown) => {
        // Nobody could say whether there are slots: what waits stays in line.
        this.around.log.warn({ err: error }, 'taking slots broke off and will be tried again');
        this.#pumpLater();
      })
      .finally(() => {
        this.#pumping = false;
        if (this.#again) {
          this.#again = false;
          this.#pump();
        }
      });
  }

  #pumpLater(): void {
    if (this.#stopped) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#pump(), RETRY_SLOT_MS);
  }

  /** One operation of every line in turn, until no line can begin another. */
  async #startWhatMay(): Promise<void> {
    let begun = true;
    let held = false;
    while (begun && !this.#stopped) {
      begun = false;
      for (const [line, waiting] of this.#lines) {
        if (waiting.length === 0) {
          this.#lines.delete(line);
          continue;
        }
        const next = waiting.find((operation) => !this.#lanes.has(operation.lane));
        if (next === undefined) continue;
        const work = this.work.get(next.kind);
        if (work === undefined) continue;
        const giveBack = await this.slots.tryTake(next.connectionId, work.slot);
        if (giveBack === undefined) {
          held = true;
          continue;
        }
        const now = this.#lines.get(line) ?? [];
        if (!now.includes(next) || this.#lanes.has(next.lane)) {
          giveBack();
          continue;
        }
        this.#lines.set(
          line,
          now.filter((operation) => operation !== next),
        );
        this.#begin(next, work, giveBack);
        begun = true;
      }
    }
    // Slots may be held by other processes, whose end nobody tells us.
    if (held) this.#pumpLater();
  }

  #begin(operation: Operation, work: OperationWork, giveBack: () => void): void {
    this.#lanes.add(operation.lane);
    this.#track(
      this.#guard(operation, this.#run(operation, work)).finally(() => {
        this.#lanes.delete(operation.lane);
        giveBack();
        this.#pump();
      }),
    );
  }

  #run(operation: Operation, work: OperationWork): Promise<void> {
    return inSpan(operation.kind, { kind: 'consumer', parent: operation.traceparent ?? undefined }, () =>
      work.run(operation),
    );
  }

  /** An operation that throws stays accepted: its lease runs out and it is taken over. */
  async #guard(operation: Operation, running: Promise<void>): Promise<void> {
    try {
      await running;
    } catch (error) {
      this.around.log.error(
        { err: error, operation: operation.id, attempt: operation.attempt },
        'operation broke off and will be taken over',
      );
    }
  }

  #track(running: Promise<void>): void {
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }
}
