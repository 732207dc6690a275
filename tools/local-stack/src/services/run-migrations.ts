import { join } from 'node:path';
import type { Children } from '../processes/children.ts';
import type { Migration } from './programs.ts';
import { inheritedEnvironment, migrateEnvironment } from './stack-env.ts';

export interface MigrationsInput {
  migrations: readonly Migration[];
  /** Folder of the log. */
  logs: string;
  /** A superuser's, of the server's own database. */
  adminUrl: string;
  /** Of a process that runs the services named. */
  environment: (services: readonly string[]) => Record<string, string>;
}

/** The migrate commands, one after another. @throws PlainFailure with the last words of the one that failed */
export async function runMigrations(children: Children, input: MigrationsInput): Promise<void> {
  const logFile = join(input.logs, 'migrate.log');
  for (const { service, name, script } of input.migrations) {
    const env = migrateEnvironment(input.environment([service]), input.adminUrl);
    const inherited = inheritedEnvironment([service], env);
    await children.runToEnd({ name, script, args: [], env, inherited, logFile });
  }
}
