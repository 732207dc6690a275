import { environment } from './config.ts';
import { migrateCommand } from './migrate-command.ts';

process.exitCode = await migrateCommand({
  args: process.argv.slice(2),
  environment,
  out: (line) => void process.stdout.write(`${line}\n`),
  error: (line) => void process.stderr.write(`${line}\n`),
});
