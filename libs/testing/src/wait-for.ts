/** How long a condition may take before the spec fails; generous, because two cores run everything at once. */
const DEADLINE_MS = 45_000;
const EVERY_MS = 20;

/**
 * Waits until `condition` gives something other than undefined or false and returns it. Fails at the deadline with what
 * it waited for; an assertion that throws inside counts as "not yet".
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  let last: unknown;
  let over = false;
  const asking = async (): Promise<T> => {
    while (!over) {
      try {
        const value = await condition();
        if (value !== undefined && value !== false) return value;
        last = undefined;
      } catch (error) {
        last = error;
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    return new Promise(() => undefined);
  };
  let timer: NodeJS.Timeout | undefined;
  // The deadline runs beside the condition, which may be what hangs.
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`waited ${deadlineMs} ms in vain for ${what}`, { cause: last })),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([asking(), deadline]);
  } finally {
    over = true;
    clearTimeout(timer);
  }
}
