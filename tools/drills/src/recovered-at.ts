import type { Sale } from './sale.ts';

type SaleTimes = Pick<Sale, 'sentAtMs' | 'qrAtMs' | 'endedAtMs'> & Partial<Pick<Sale, 'cancels'>>;

/** A new payment has its QR sooner than that again … */
const QR_WITHIN_MS = 1_000;
/** … for so long … */
const STEADY_MS = 2_000;
/** … and no till has waited longer than that for its QR, or from then on for the money, which buyers bring after 1.5 s. */
const OLDEST_MS = 5_000;

/**
 * When the house was itself again after a fault, epoch ms: the first sale from which on every one had its QR within a
 * second, and nobody waits for longer than five. Undefined: not yet.
 */
export function recoveredAtMs(sales: readonly SaleTimes[], faultEndMs: number, nowMs: number): number | undefined {
  const waitedMs = ({ sentAtMs, qrAtMs, endedAtMs }: SaleTimes): number => (qrAtMs ?? endedAtMs ?? nowMs) - sentAtMs;
  const later = sales.filter(({ sentAtMs }) => sentAtMs >= faultEndMs);
  const slow = later.filter(
    (sale) => waitedMs(sale) >= QR_WITHIN_MS || (sale.qrAtMs === undefined && sale.endedAtMs !== undefined),
  );
  const lastSlowMs = Math.max(-Infinity, ...slow.map(({ sentAtMs }) => sentAtMs));
  const quick = later.filter(({ sentAtMs, qrAtMs }) => sentAtMs > lastSlowMs && qrAtMs !== undefined);
  const [first] = quick.map(({ sentAtMs }) => sentAtMs).sort((a, b) => a - b);
  if (first === undefined || nowMs - first < STEADY_MS) return undefined;
  const old = sales.flatMap((sale) => oldUntilMs(sale, nowMs));
  return old.includes(undefined) ? undefined : Math.max(first, ...old.filter((atMs) => atMs !== undefined));
}

/** Until when its till had waited for too long: nothing where it has not, undefined where it still does. */
function oldUntilMs({ sentAtMs, qrAtMs, endedAtMs, cancels }: SaleTimes, nowMs: number): (number | undefined)[] {
  const isLong = (fromMs: number, toMs: number | undefined): boolean => (toMs ?? nowMs) - fromMs > OLDEST_MS;
  const qrOrEndMs = qrAtMs ?? endedAtMs;
  // A code that is canceled may live on until its own end.
  const waitsForMoney = qrAtMs !== undefined && cancels !== true;
  return [
    ...(isLong(sentAtMs, qrOrEndMs) ? [qrOrEndMs] : []),
    ...(waitsForMoney && isLong(qrAtMs, endedAtMs) ? [endedAtMs] : []),
  ];
}
