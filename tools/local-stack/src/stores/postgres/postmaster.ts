import { join } from 'node:path';
import type { Ending } from '../../processes/running-process.ts';
import { endOrphan } from '../end-orphan.ts';

/** A fast shutdown first, an immediate one (recovered at the next start) if it takes too long. */
export const POSTMASTER_ENDINGS: readonly [Ending, Ending] = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 10_000],
];

/** The server's lock file: its process id in line 1, its state in line 8. */
export const postmasterFile = (clusterDir: string): string => join(clusterDir, 'postmaster.pid');

/**
 * Deals with what an earlier run left in the cluster's folder: a server that outlived its parent is stopped (its
 * settings and port may be other than those wanted now), a lock file whose process id belongs to somebody else by now
 * is removed, because PostgreSQL itself would refuse to start beside it. True if a server was stopped.
 */
export const endPostmaster = (clusterDir: string): Promise<boolean> =>
  endOrphan({
    title: 'PostgreSQL',
    pidFile: postmasterFile(clusterDir),
    isOurs: (commandLine) => commandLine.includes(clusterDir),
    endings: POSTMASTER_ENDINGS,
  });
