import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';

export interface OpenLoopInput {
  /** Operations per second. */
  rate: number;
  seconds: number;
  /** One operation; must not reject. */
  fire: (index: number) => Promise<void>;
  /** Arrivals end when so many operations are under way: the run is lost then, and memory stays bounded. */
  mostUnderWay: number;
  /** How long the operations under way may take after the last arrival. */
  drainMs: number;
  signal: AbortSignal;
  onSecond?: (second: number, underWay: number) => void;
}

export interface OpenLoopOutcome {
  sent: number;
  /** How late an arrival was at worst. */
  lateMs: number;
  overflowed: boolean;
  /** Operations that had not ended when the patience was over. */
  left: number;
}

/** How many operations must have arrived `elapsedMs` after the start: evenly spread, the first one at once. */
export const dueAt = (elapsedMs: number, rate: number, total: number): number =>
  Math.min(total, Math.floor((elapsedMs * rate) / 1_000) + 1);

/** A fixed arrival rate, whatever the answers do. Every operation has its moment; a late one is sent at once. */
export async function runOpenLoop(input: OpenLoopInput): Promise<OpenLoopOutcome> {
  const total = Math.round(input.rate * input.seconds);
  const startedMs = performance.now();
  let sent = 0;
  let underWay = 0;
  let lateMs = 0;
  let overflowed = false;
  let second = 0;
  while (sent < total && !overflowed) {
    input.signal.throwIfAborted();
    const elapsedMs = performance.now() - startedMs;
    for (const due = dueAt(elapsedMs, input.rate, total); sent < due; sent += 1) {
      if (underWay >= input.mostUnderWay) {
        overflowed = true;
        break;
      }
      lateMs = Math.max(lateMs, elapsedMs - (sent * 1_000) / input.rate);
      underWay += 1;
      void input.fire(sent).finally(() => (underWay -= 1));
    }
    if (elapsedMs >= (second + 1) * 1_000) input.onSecond?.((second = Math.floor(elapsedMs / 1_000)), underWay);
    const nextMs = (sent * 1_000) / input.rate - (performance.now() - startedMs);
    // A timer's shortest sleep is a millisecond, which is finer than any rate here needs.
    if (nextMs > 0) await pause(nextMs, undefined, { signal: input.signal });
    else await turn();
  }
  const patienceMs = performance.now() + input.drainMs;
  while (underWay > 0 && performance.now() < patienceMs) await pause(20, undefined, { signal: input.signal });
  return { sent, lateMs, overflowed, left: underWay };
}
