/** One Ctrl-C may arrive twice, from the terminal and through npm; only a later one means that somebody is impatient. */
const SAME_REQUEST_MS = 1_000;

/**
 * Listens for whatever asks this process to stop: signals, and the end of the program that started it. The second request
 * asks to hurry. `onFirst` is called once, with the first.
 */
export function askedToStop(onFirst: () => void): { stopping: AbortSignal; hurry: AbortSignal } {
  const stopping = new AbortController();
  const hurry = new AbortController();
  let firstAskedMs: number | undefined;
  const stop = (): void => {
    if (firstAskedMs === undefined) {
      firstAskedMs = performance.now();
      onFirst();
      stopping.abort();
    } else if (performance.now() - firstAskedMs > SAME_REQUEST_MS) hurry.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // A closed terminal must not keep us from ending our children in order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // The program that started us went without being able to pass a signal on.
  process.once('disconnect', stop);
  process.channel?.unref();
  return { stopping: stopping.signal, hurry: hurry.signal };
}
