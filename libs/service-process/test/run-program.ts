import { spawn } from 'node:child_process';
import { join } from 'node:path';

const FLAGS = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
const FROM_SOURCES = '--conditions=@tolem/source';
/** Compiling what it stands on, on a machine that does other things. */
export const LONG_MS = 60_000;

export interface ProgramRun {
  /** Whether our packages are taken as they were built: decorators cannot be run from the sources. */
  readonly built?: boolean;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Called when it serves. */
  readonly once?: (stdin: NodeJS.WritableStream) => void;
}

/** Runs a program of `programs/` until it ends. What it said is standard output and standard error in one. */
export async function runProgram(
  name: string,
  { built = false, args = [], environment = {}, once = () => undefined }: ProgramRun,
): Promise<{ code: number | null; said: string }> {
  const flags = built ? FLAGS : [...FLAGS, FROM_SOURCES];
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, 'programs', name), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], TOLEM_MANAGEMENT_PORT: '0', ...environment },
    timeout: LONG_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  let serves = false;
  const hear = (chunk: Buffer): void => {
    said += chunk.toString('utf8');
    if (serves || !said.includes('"event":"serving"')) return;
    serves = true;
    once(child.stdin);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said };
}
