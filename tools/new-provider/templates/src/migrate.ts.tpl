import { runMigrateCommand } from '@tolem/provider-kit';
import { environment, migrationConfig } from './config.ts';

process.exitCode = await runMigrateCommand('__name__', process.argv.slice(2), migrationConfig, environment);
