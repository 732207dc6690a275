import { runTopicsCommand } from '@tolem/service-process';
import { environment } from './config.ts';

process.exitCode = await runTopicsCommand(process.argv.slice(2), environment);
