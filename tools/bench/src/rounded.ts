/** A share of a sum for results: two decimals, null where either part is missing or nothing was done. */
export function perOperation(sum: number | null | undefined, operations: number): number | null {
  if (sum === null || sum === undefined || operations === 0) return null;
  return Math.round((sum / operations) * 100) / 100;
}
