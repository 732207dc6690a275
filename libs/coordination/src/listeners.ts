/** One call of `listen`: the same function given twice is heard twice and ends twice. */
interface Listener<News> {
  readonly heard: (news: News) => void;
}

/** Who listens in this process, by id. */
export class Listeners<News> {
  readonly #byId = new Map<string, Set<Listener<News>>>();

  tell(id: string, news: News): void {
    const set = this.#byId.get(id);
    // A copy: whoever listens again while it is called hears of the next news, not of these once more.
    for (const listener of [...(set ?? [])]) if (set?.has(listener)) listener.heard(news);
  }

  /** Calls `heard` for all news of `id` until the returned function is called. */
  listen(id: string, heard: (news: News) => void): () => void {
    const set = this.#byId.get(id) ?? new Set();
    const listener: Listener<News> = { heard };
    this.#byId.set(id, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.#byId.get(id) === set) this.#byId.delete(id);
    };
  }
}
