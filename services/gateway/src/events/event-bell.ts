import type { WakeUps } from '@tolem/coordination';
import { currentTraceparent } from '@tolem/observability';
import type { OutboxRow } from '@tolem/persistence';
import { LRUCache } from 'lru-cache';

/** What the wake-ups of all replicas call "something has happened to somebody". */
const ANY_EVENT = 'events';
/** Under load the other replicas hear of all that happened in such a time at once. */
const TELL_EVERY_MS = 25;
const MAX_TRACES = 10_000;

/**
 * Rings when this process has committed events. It stands where the program tells of its commits anyway: in the wake-ups of
 * those who wait for a payment, and in the outbox. A hint, as every wake-up: whoever listens also looks by itself now and
 * then. It remembers in which trace a payment changed, so that a delivery pushed from here continues that trace.
 */
export class EventBell implements WakeUps {
  readonly #here = new Set<() => void>();
  readonly #traces = new LRUCache<string, string>({ max: MAX_TRACES });
  #timer: NodeJS.Timeout | undefined;
  #rungMeanwhile = false;

  constructor(private readonly inner: WakeUps) {}

  wake(ids: readonly string[]): void {
    this.inner.wake(ids);
    const traceparent = currentTraceparent();
    if (traceparent !== undefined) for (const id of ids) this.#traces.set(id, traceparent);
    this.ring();
  }

  listen(id: string, heard: () => void): () => void {
    return this.inner.listen(id, heard);
  }

  /** Messages were published whose transaction wrote events too. */
  published(rows: readonly OutboxRow[]): void {
    for (const { headers } of rows) {
      const [subject, traceparent] = [textOf(headers, 'ce_subject'), textOf(headers, 'traceparent')];
      if (subject !== undefined && traceparent !== undefined) this.#traces.set(subject, traceparent);
    }
    this.ring();
  }

  /** Something was committed by this process. */
  ring(): void {
    for (const heard of this.#here) heard();
    this.#tellOthers();
  }

  #tellOthers(): void {
    if (this.#timer !== undefined) {
      this.#rungMeanwhile = true;
      return;
    }
    this.inner.wake([ANY_EVENT]);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#rungMeanwhile) return;
      this.#rungMeanwhile = false;
      this.#tellOthers();
    }, TELL_EVERY_MS);
    this.#timer.unref();
  }

  /** Hears of every commit of this process, until the returned function is called. */
  onCommitHere(heard: () => void): () => void {
    const own = (): void => heard();
    this.#here.add(own);
    return () => this.#here.delete(own);
  }

  /** Hears of commits of any process; what happens within a few milliseconds is one. */
  onCommitAnywhere(heard: () => void): () => void {
    return this.inner.listen(ANY_EVENT, heard);
  }

  /** The trace in which this process changed a payment last. @param id `pay_…` */
  traceOf(id: string): string | undefined {
    return this.#traces.get(id);
  }
}

function textOf(headers: unknown, name: string): string | undefined {
  const value: unknown = typeof headers === 'object' && headers !== null ? Reflect.get(headers, name) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
