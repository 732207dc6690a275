import { runService } from '@tolem/service-process';
import { environment } from './config.ts';
import { service } from './index.ts';

await runService(service, 'Runs the gateway: the public API and its workers.', process.argv.slice(2), environment);
