import { runService } from '@tolem/service-process';
import { environment } from './config.ts';
import { service } from './index.ts';

await runService(service, 'Runs the service that speaks to __title__.', process.argv.slice(2), environment);
