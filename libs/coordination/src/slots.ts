/** Kinds of work that never wait for each other. */
export type SlotKind = 'start' | 'poll' | 'background';

export type SlotLimits = Readonly<Record<SlotKind, number>>;

/** Architecture §10: slots per connection, for the whole installation. */
export const DEFAULT_SLOT_LIMITS: SlotLimits = { start: 32, poll: 64, background: 8 };

/** Bounds how much of one kind runs at once for one key (a connection), for the whole installation. */
export interface Slots {
  /** A function that gives the slot back, or undefined where all are taken. Giving back twice counts once. */
  tryTake(key: string, kind: SlotKind): Promise<(() => void) | undefined>;
}

export class MemorySlots implements Slots {
  readonly #taken = new Map<string, number>();

  constructor(private readonly limits: SlotLimits = DEFAULT_SLOT_LIMITS) {}

  async tryTake(key: string, kind: SlotKind): Promise<(() => void) | undefined> {
    const name = `${kind} ${key}`;
    const taken = this.#taken.get(name) ?? 0;
    if (taken >= this.limits[kind]) return undefined;
    this.#taken.set(name, taken + 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const left = (this.#taken.get(name) ?? 1) - 1;
      if (left === 0) this.#taken.delete(name);
      else this.#taken.set(name, left);
    };
  }
}
