import { runDeadLettersCommand } from '@tolem/messaging';
import { ConfigurationError } from '@tolem/observability';
import { Database } from '@tolem/persistence';
import { deadLettersConfig, environment } from './config.ts';

/** The command; lists what the gateway could not handle and hands it to the gateway once more. */
process.exitCode = await runDeadLettersCommand({
  service: 'gateway',
  args: process.argv.slice(2),
  db: () =>
    Database.connect({
      url: deadLettersConfig.load(environment).workerDatabaseUrl,
      applicationName: 'tolem gateway dead letters',
    }),
}).catch((error: unknown) => {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 1;
});
