import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CRASH_PRELOAD, type CrashPoint } from './crash-points.ts';

/** The second time a point is reached, so that some work is before it and some after. */
const NTH = 2;

/** Tells each replica, by a file of its own, at which step of a payment it dies. */
export class CrashBox {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  /** What a replica needs in its environment; whatever was armed before is not any more. */
  environment(service: string, replica: number): Record<string, string> {
    const file = this.fileOf(service, replica);
    writeFileSync(file, '');
    return { NODE_OPTIONS: `--import=${pathToFileURL(CRASH_PRELOAD).href}`, TOLEM_CRASH_FILE: file };
  }

  arm(service: string, replica: number, pid: number, point: CrashPoint): void {
    writeFileSync(this.fileOf(service, replica), JSON.stringify({ ...point, nth: NTH }));
    process.kill(pid, 'SIGUSR2');
  }

  disarm(service: string, replica: number, pid: number): void {
    writeFileSync(this.fileOf(service, replica), '');
    process.kill(pid, 'SIGUSR2');
  }

  private fileOf(service: string, replica: number): string {
    return join(this.folder, `${service}-${replica}.json`);
  }
}
