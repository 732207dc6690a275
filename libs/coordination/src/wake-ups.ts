import { Listeners } from './listeners.ts';

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
  readonly #listeners = new Listeners<undefined>();

  wake(ids: readonly string[]): void {
    for (const id of ids) this.#listeners.tell(id, undefined);
  }

  listen(id: string, heard: () => void): () => void {
    return this.#listeners.listen(id, heard);
  }
}
