/** What a code or a link carries: 41 decimal digits in all samples. */
export function qrToken(id: number): string {
  return `1${String(id).padStart(40, '0')}`;
}
