import { setTimeout as pause } from 'node:timers/promises';
import { PlainFailure } from '../terminal/plain-failure.ts';

const POLL_MS = 50;
const PROBE_TIMEOUT_MS = 2_000;

/** Asks a readiness address until it answers 200. The last refusal is part of the failure when the time is over. */
export async function waitUntilReady(url: string, what: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last = 'no answer';
  for (;;) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]) });
      const body = await answer.text();
      if (answer.status === 200) return;
      last = `${answer.status} ${body.slice(0, 300)}`;
    } catch {
      signal.throwIfAborted();
    }
    if (performance.now() > deadline) {
      throw new PlainFailure(`The ${what} is not ready after ${timeoutMs / 1000} s (${url}: ${last}).`);
    }
    await pause(POLL_MS, undefined, { signal });
  }
}
