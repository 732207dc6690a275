import { readFile, rm } from 'node:fs/promises';
import { commandLineOf, type Ending, endProcess, isAlive } from '../processes/running-process.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';

export interface Orphan {
  /** For people. */
  title: string;
  /** Its first line is the process id. */
  pidFile: string;
  /** A process id may belong to anybody by now: whether this command line is that of the store in this folder. */
  isOurs: (commandLine: string) => boolean;
  endings: readonly Ending[];
}

/**
 * Ends a server that an earlier run has left in a folder, and removes its pid file, which may name a stranger by now.
 * True if there was one.
 *
 * @throws PlainFailure when it does not end
 */
export async function endOrphan({ title, pidFile, isOurs, endings }: Orphan): Promise<boolean> {
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  const lives = Number.isSafeInteger(pid) && pid > 1 && isAlive(pid) && isOurs(await commandLineOf(pid));
  if (lives && !(await endProcess(pid, endings))) {
    throw new PlainFailure(`A ${title} left by an earlier run (process ${pid}) does not end: end it and run again.`);
  }
  await rm(pidFile, { force: true });
  return lives;
}
