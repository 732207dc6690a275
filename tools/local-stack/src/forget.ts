import { rm } from 'node:fs/promises';
import { forgetPostgres } from './postgres.ts';
import type { TolemFolder } from './tolem-folder.ts';

/** Removes all that earlier starts stored; the logs stay. */
export async function forget(folder: TolemFolder): Promise<void> {
  await forgetPostgres(folder.postgres);
  for (const path of [folder.sandbox, folder.state, folder.secrets, folder.local]) {
    await rm(path, { recursive: true, force: true });
  }
}
