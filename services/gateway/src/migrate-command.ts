import { ConfigurationError, type Environment } from '@tolem/observability';
import { migrationConfig } from './config.ts';
import { migrateGateway } from './migrate-gateway.ts';

export interface CommandIo {
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

/** The command that brings the gateway's schema to the newest version; resolves with the exit code. */
export async function migrateCommand({ args, environment, out, error }: CommandIo): Promise<number> {
  const [option] = args;
  if (option === '--help') {
    out(help());
    return 0;
  }
  if (option !== undefined) {
    error(`Unknown option ${option}. See --help.`);
    return 2;
  }
  try {
    const applied = await migrateGateway({
      ...migrationConfig.load(environment),
      onApplied: (name) => out(`gateway: applied ${name}`),
    });
    out(applied.length === 0 ? 'gateway: nothing to do' : `gateway: ${applied.length} files applied`);
    return 0;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    error(cause instanceof ConfigurationError ? reason : `The migration failed: ${reason}`);
    return 1;
  }
}

function help(): string {
  const variables = migrationConfig.describe().map((row) => `  ${row.variable}\n      ${row.describe}`);
  return `Brings the gateway's database schema to the newest version. Repeating it changes nothing.

Usage: node migrate.js [--help]

Environment (each also as <name>_FILE, naming a file that holds the value):
${variables.join('\n')}`;
}
