/** What is to go back of a sale; amounts in minor units. */
export interface WantedRefund {
  amountMinor: number;
  /** Asked for without an amount: all that can go back. */
  whole: boolean;
}

/** One sale in so many is refunded … */
const EVERY = 4;
/** … in these ways by turns. */
const PART_MINOR = 30_000;

/**
 * What is refunded of the nth sale once it is paid: nothing of most; by turns a part, everything, or everything in two parts
 * that are asked for at the same moment and must go back one after the other.
 */
export function wantedRefunds(index: number, soldMinor: number): readonly WantedRefund[] {
  if (index % EVERY !== 0) return [];
  const part = { amountMinor: PART_MINOR, whole: false };
  switch ((index / EVERY) % 3) {
    case 0:
      return [part];
    case 1:
      return [{ amountMinor: soldMinor, whole: true }];
    default:
      return [part, { amountMinor: soldMinor - PART_MINOR, whole: false }];
  }
}
