import type { Slots } from '@tolem/coordination';

/** Of the connections to the bank, the part that background work may fill. */
const PART = 4;

/**
 * Background work of many connections may not fill the way to the bank that they share: under one certificate a thousand
 * organizations may be verified at once, while others sell. Slots are counted per connection and know nothing of that.
 *
 * @param connections most connections to the bank per address and certificate
 */
export function backgroundWithin(slots: Slots, connections: number): Slots {
  const most = Math.max(1, Math.floor(connections / PART));
  let taken = 0;
  return {
    async tryTake(key, kind) {
      if (kind !== 'background') return slots.tryTake(key, kind);
      if (taken >= most) return undefined;
      taken += 1;
      let given = false;
      const giveBack = (): void => {
        if (!given) taken -= 1;
        given = true;
      };
      const own = await slots.tryTake(key, kind).catch((error: unknown) => {
        giveBack();
        throw error;
      });
      if (own === undefined) {
        giveBack();
        return undefined;
      }
      return () => {
        giveBack();
        own();
      };
    },
  };
}
