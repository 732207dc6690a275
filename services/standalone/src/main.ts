import { runProcess } from '@tolem/service-process';
import { configureServices, environment } from './config.ts';
import { configurationPage } from './configuration-page.ts';
import { startStandalone } from './standalone.ts';

await runProcess(
  {
    name: 'tolem',
    about: 'Runs every service of Tolem in one process, for one machine.',
    pages: {
      '--configuration': {
        help: 'print every variable as a page of the documentation and end',
        print: configurationPage,
      },
    },
    configure: (from) => {
      const services = configureServices(from);
      return (host) => startStandalone(services, host);
    },
  },
  process.argv.slice(2),
  environment,
);
