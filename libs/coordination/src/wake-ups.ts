/**
 * Tells waiters that there may be news of something. A hint, no more: it may be lost or heard too early, so whoever
 * waits subscribes first, then reads, then waits, and reads again now and then all the same.
 */
export interface WakeUps {
  wake(ids: readonly string[]): void;
  /** Calls `heard` for every wake-up of `id` until the returned function is called. */
  listen(id: string, heard: () => void): () => void;
}

export class MemoryWakeUps implements WakeUps {
  readonly #listeners = new Map<string, Set<() => void>>();

  wake(ids: readonly string[]): void {
    for (const id of ids) {
      for (const heard of this.#listeners.get(id) ?? []) heard();
    }
  }

  listen(id: string, heard: () => void): () => void {
    const set = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, set.add(heard));
    return () => {
      set.delete(heard);
      if (set.size === 0 && this.#listeners.get(id) === set) this.#listeners.delete(id);
    };
  }
}
