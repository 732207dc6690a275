import { waitForExit } from '../processes/running-process.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import type { Progress } from '../terminal/progress.ts';
import { endStores } from '../tolem-folder/forget.ts';
import { StartLock } from '../tolem-folder/start-lock.ts';
import type { StackFolder } from '../tolem-folder/tolem-folder.ts';

/** Longer than services and stores may take together. */
const STOP_TIMEOUT_MS = 90_000;

/** Stops the stack that another terminal runs, and waits; what a killed one has left is ended too. */
export async function stopStack(folder: StackFolder, progress: Progress): Promise<void> {
  const holder = await StartLock.holder(folder.lock);
  if (holder?.command === 'npm start') {
    throw new PlainFailure(
      `What runs here is "npm start" (process ${holder.pid}): stop it with Ctrl-C in its terminal.`,
    );
  }
  if (holder === undefined) {
    const lock = await StartLock.take(folder.lock, 'npm run stack', (step) => progress.line(`  … ${step}`));
    await endStores(folder).finally(() => lock.release());
    progress.line('Nothing runs here.');
    return;
  }
  await progress.step(`Stopping the stack (process ${holder.pid})`, async () => {
    process.kill(holder.pid, 'SIGTERM');
    if (await waitForExit(holder.pid, STOP_TIMEOUT_MS)) return;
    throw new PlainFailure(`Process ${holder.pid} has not ended within ${STOP_TIMEOUT_MS / 1000} s.`);
  });
}
