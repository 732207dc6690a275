import { type ChildProcess, spawn } from 'node:child_process';
import type { StoreProgram } from './store-process.ts';

/** Services that outlive their parent for a moment get this long to put their books in order. */
const ORPHAN_GRACE_S = 5;
const END_S = 10;

/** `$0` is the process id, `$1` the file that holds it, `$2` and `$3` the signals. */
const SCRIPT = `
pid=$0 file=$1
ours() { read p < "$file" && [ "$p" = "$pid" ] && kill -0 "$pid"; }
read _
sleep ${ORPHAN_GRACE_S}
ours && kill -s "$2" "$pid" || exit 0
left=${END_S}
while [ "$left" -gt 0 ]; do sleep 1; ours || exit 0; left=$((left - 1)); done
kill -s "$3" "$pid"
`;

/**
 * A server in a group of its own would live for ever if we were killed with -9. The guard is a shell that reads from a pipe
 * of ours: when we are gone the pipe ends, and it ends the server, if it still is that server.
 */
export function guardOver(
  pid: number,
  { pidFile, endings, as }: Pick<StoreProgram, 'pidFile' | 'endings' | 'as'>,
): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const signals = endings.map(([signal]) => signal.replace(/^SIG/, ''));
  const guard = spawn('/bin/sh', ['-c', SCRIPT, String(pid), pidFile, ...signals], {
    ...as,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => undefined);
  guard.unref();
  if (guard.stdin !== null && 'unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  return guard;
}
