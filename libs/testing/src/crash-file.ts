import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CrashPoint } from './crash-points.ts';
import { waitFor } from './wait-for.ts';

/** As much of a point as a process needs to know it by; it dies when the step is taken for the `nth` time. */
export type ArmedPoint = Pick<CrashPoint, 'seam' | 'when' | 'match' | 'phase' | 'tells'> & { readonly nth: number };

/** Tells a process that was started with CRASH_PRELOAD and `environment` at which step it dies. */
export class CrashFile {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, 'crash-point.json');
    this.disarm();
  }

  get environment(): Record<string, string> {
    return { TOLEM_CRASH_FILE: this.#file };
  }

  /** Returns when the process knows: what is done after that cannot pass the step unseen. */
  async arm(point: ArmedPoint, process: { signal(signal: NodeJS.Signals): void }): Promise<void> {
    const text = JSON.stringify(point);
    writeFileSync(this.#file, text);
    process.signal('SIGUSR2');
    await waitFor('the process to be armed', () => readFileSync(`${this.#file}.read`, 'utf8') === text);
  }

  /** For the next process; the one that runs now stays armed. */
  disarm(): void {
    writeFileSync(this.#file, '');
  }
}
