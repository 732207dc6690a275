import { endBecause, runProcess } from '../../src/run-process.ts';

// A process that serves until it hears a word, and then cannot go on.
await runProcess(
  {
    name: 'spec',
    about: 'A process of a spec.',
    configure: () => async (host) => {
      if (process.argv.includes('--fails')) throw new Error('nobody is there');
      host.shutdown.add('work', () => void process.stdout.write('the work is finished\n'), 5_000);
      process.stdin.once('data', () => endBecause(new Error('deaf for good'), host));
      return {};
    },
  },
  process.argv.slice(2).filter((arg) => arg !== '--fails'),
  process.env,
);
