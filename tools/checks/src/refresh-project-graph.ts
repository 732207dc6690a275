import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * Makes Nx write the project graph of the tree as it is now. The boundary rule reads the stored graph and, without one,
 * skips itself with a warning; with an old one it judges yesterday's imports.
 *
 * @throws when Nx cannot build the graph; the error carries Nx's own words in `stderr`.
 */
export const refreshProjectGraph = (root: string): void => {
  execFileSync(process.execPath, [join(root, 'node_modules/nx/dist/bin/nx.js'), 'show', 'projects', '--json'], {
    cwd: root,
    env: { ...process.env, NX_DAEMON: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  });
};
