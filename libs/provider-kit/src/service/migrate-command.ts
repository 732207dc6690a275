import { type ConfigDefinition, ConfigurationError, type EnvField, type Environment } from '@tolem/observability';
import { migrateProvider } from './migrate-provider.ts';

type MigrationConfig = ConfigDefinition<{ adminUrl: EnvField<string>; databaseUrl: EnvField<string> }>;

/** The migration command of a provider service: `node migrate.js`. Resolves with the exit code. */
export async function runMigrateCommand(
  provider: string,
  args: readonly string[],
  config: MigrationConfig,
  environment: Environment,
): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(helpOf(provider, config));
    return 0;
  }
  if (args[0] !== undefined) {
    process.stderr.write(`Unknown option ${args[0]}. See --help.\n`);
    return 2;
  }
  try {
    const urls = config.load(environment);
    const applied = await migrateProvider(provider, urls, (name) =>
      process.stdout.write(`${provider}: applied ${name}\n`),
    );
    process.stdout.write(
      applied.length === 0 ? `${provider}: nothing to do\n` : `${provider}: ${applied.length} migrations applied\n`,
    );
    return 0;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(error instanceof ConfigurationError ? `${reason}\n` : `The migration failed: ${reason}\n`);
    return 1;
  }
}

function helpOf(provider: string, config: MigrationConfig): string {
  const variables = config.describe().map((row) => `  ${row.variable}\n      ${row.describe}`);
  return `Brings the schema of ${provider} to the newest version. Repeating it changes nothing.

Usage: node migrate.js [--help]

Environment (each also as <name>_FILE, naming a file that holds the value):
${variables.join('\n')}
`;
}
