import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 100;

/** Asks until there is an answer; undefined when there was none in time. */
export async function until<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || performance.now() > deadline) return answer;
    await pause(EVERY_MS, undefined, { signal });
  }
}
