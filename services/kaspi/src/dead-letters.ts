import { runDeadLettersCommand } from '@tolem/messaging';
import { ConfigurationError } from '@tolem/observability';
import { Database } from '@tolem/persistence';
import { deadLettersConfig, environment } from './config.ts';

/** The command; lists what the service could not handle and hands it to the service once more. */
process.exitCode = await runDeadLettersCommand({
  service: 'kaspi',
  args: process.argv.slice(2),
  db: () =>
    Database.connect({
      url: deadLettersConfig.load(environment).databaseUrl,
      applicationName: 'tolem kaspi dead letters',
    }),
}).catch((error: unknown) => {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 1;
});
