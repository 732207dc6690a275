import { checkTaxId } from '@tolem/domain';

/** The first `count` BINs that a right control digit makes valid, none of them one of `binOf`. */
export function firstBins(count: number): string[] {
  const found: string[] = [];
  for (let serial = 0; found.length < count; serial += 1) {
    const start = `270141${String(serial).padStart(5, '0')}`;
    const digit = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].find((last) => checkTaxId('KZ', `${start}${last}`).ok);
    if (digit !== undefined) found.push(`${start}${digit}`);
  }
  return found;
}

/** The n-th BIN, counted from 1, that a right control digit makes valid: fifth digit 4, made up otherwise. */
export function binOf(n: number): string {
  let found = 0;
  for (let serial = 0; ; serial += 1) {
    const start = `260241${String(serial).padStart(5, '0')}`;
    const digit = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].find((last) => checkTaxId('KZ', `${start}${last}`).ok);
    if (digit !== undefined) found += 1;
    if (found === n) return `${start}${digit ?? ''}`;
  }
}
