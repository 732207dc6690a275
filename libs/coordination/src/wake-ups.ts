/**
 * Tells waiters that there may be news of something. A hint, no more: it may be lost or heard too early, so whoever
 * waits subscribes first, then reads, then waits, and reads again now and then all the same.
 */
export interface WakeUps {
  wake(ids: readonly string[]): void;
  /** Calls `heard` for every wake-up of `id` until the returned function is called. */
  listen(id: string, heard: () => void): () => void;
}

/** One call of `listen`: the same function given twice is heard twice and ends twice. */
interface Listener {
  readonly heard: () => void;
}

export class MemoryWakeUps implements WakeUps {
  readonly #listeners = new Map<string, Set<Listener>>();

  wake(ids: readonly string[]): void {
    for (const id of ids) {
      const set = this.#listeners.get(id);
      // A copy: whoever listens again while it is called hears of the next wake-up, not of this one once more.
      for (const listener of [...(set ?? [])]) if (set?.has(listener)) listener.heard();
    }
  }

  listen(id: string, heard: () => void): () => void {
    const set = this.#listeners.get(id) ?? new Set();
    const listener: Listener = { heard };
    this.#listeners.set(id, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.#listeners.get(id) === set) this.#listeners.delete(id);
    };
  }
}
