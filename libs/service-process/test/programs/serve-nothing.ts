import type { runService as RunService } from '../../src/index.ts';

// A service that does nothing, in a process of its own: what it shares with others is real. As it was built, because Node
// runs no decorators from the sources.
const BUILT = '@tolem/service-process';
const { runService } = (await import(BUILT)) as { runService: typeof RunService };
await runService(
  {
    name: 'kaspi',
    configure: () => async () => ({ ready: async () => undefined, close: async () => undefined }),
  },
  'A service of a spec.',
  process.argv.slice(2),
  process.env,
);
