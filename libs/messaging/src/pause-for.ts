import { setTimeout as passing } from 'node:timers/promises';

/** Resolves after `ms`, or at once when the signal says so; never rejects. */
export function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return passing(ms, undefined, { signal }).catch(() => undefined);
}
