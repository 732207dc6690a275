import { ConfigurationError } from '@tolem/observability';
import { environment, migrationConfig } from './config.ts';
import { migrateGateway } from './migrate-gateway.ts';

const HELP = `Brings the gateway's database schema to the newest version. Repeating it changes nothing.

Usage: node migrate.js [--help]

Environment (each also as <name>_FILE, naming a file that holds the value):
${migrationConfig
  .describe()
  .map((row) => `  ${row.variable}\n      ${row.describe}`)
  .join('\n')}
`;

/** The command; resolves with the exit code. */
async function run(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  if (args.length > 0) {
    process.stderr.write(`Unknown option ${args[0] ?? ''}. See --help.\n`);
    return 2;
  }
  try {
    const applied = await migrateGateway({
      ...migrationConfig.load(environment),
      onApplied: (name) => process.stdout.write(`gateway: applied ${name}\n`),
    });
    process.stdout.write(
      applied.length === 0 ? 'gateway: nothing to do\n' : `gateway: ${applied.length} migrations applied\n`,
    );
    return 0;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(error instanceof ConfigurationError ? `${reason}\n` : `The migration failed: ${reason}\n`);
    return 1;
  }
}

process.exitCode = await run(process.argv.slice(2));
