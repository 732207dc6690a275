import type { Stores } from '../stores/stores.ts';
import type { Progress } from '../terminal/progress.ts';

const FIRST = [
  ['postgres', 'PostgreSQL'],
  ['redis', 'Redis'],
] as const;

/**
 * Starts PostgreSQL and Redis. Kafka takes longest by far: it goes on starting while everything that can do without it does;
 * `kafka` resolves with the milliseconds that it took.
 */
export async function startStores(
  stores: Stores,
  progress: Progress,
  ending: AbortSignal,
): Promise<{ kafka: Promise<number> }> {
  await progress.step('Programs of the stores', (step) => stores.prepare((text) => step.note(text)));
  ending.throwIfAborted();
  const startedMs = performance.now();
  const kafka = stores.start('kafka').then(() => performance.now() - startedMs);
  kafka.catch(() => undefined);
  for (const [store, title] of FIRST) {
    await progress.step(
      title,
      (step) => stores.start(store, (text) => step.note(text)),
      () => `at ${stores.where(store)}`,
    );
    ending.throwIfAborted();
  }
  return { kafka };
}
