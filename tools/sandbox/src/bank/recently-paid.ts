import type { Purchase } from './purchase.ts';

const MAX_BUYERS = 100_000;
/** As many as `return/operations` ever lists. */
const KEPT_PER_BUYER = 10;

/** The newest paid purchases of each buyer in each trade point, as a cashier sees them when the buyer wants a refund. */
export class RecentlyPaid {
  private readonly ids = new Map<string, number[]>();

  add({ id, bin, tradePointId, buyer }: Purchase): void {
    const key = keyOf(bin, tradePointId, buyer);
    const list = this.ids.get(key) ?? [];
    if (list.length === 0 && this.ids.size >= MAX_BUYERS) {
      const [oldest] = this.ids.keys();
      if (oldest !== undefined) this.ids.delete(oldest);
    }
    this.ids.set(key, [id, ...list].slice(0, KEPT_PER_BUYER));
  }

  /** Newest first. */
  of(bin: string, tradePointId: number, buyer: string): readonly number[] {
    return this.ids.get(keyOf(bin, tradePointId, buyer)) ?? [];
  }

  clear(): void {
    this.ids.clear();
  }
}

function keyOf(bin: string, tradePointId: number, buyer: string): string {
  return `${bin}/${tradePointId}/${buyer}`;
}
