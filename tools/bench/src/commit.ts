import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The commit that is measured, with `-changed` where files differ from it; null where git does not tell. */
export async function commitOf(repository: string): Promise<string | null> {
  try {
    const { stdout: commit } = await run('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: repository });
    const { stdout: changes } = await run('git', ['status', '--porcelain', '--untracked-files=no'], {
      cwd: repository,
    });
    return `${commit.trim()}${changes.trim() === '' ? '' : '-changed'}`;
  } catch {
    return null;
  }
}
