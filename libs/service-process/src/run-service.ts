import { type Environment, loadTogether } from '@tolem/observability';
import { distributedConfig } from './distributed-config.ts';
import { connectParts } from './distributed-parts.ts';
import { CHECK_MS, STOP_MS } from './host-process.ts';
import { endBecause, runProcess } from './run-process.ts';
import type { ServicePackage } from './service-package.ts';
import { watchBus } from './watch-bus.ts';

/** One service in a process of its own, beside any number of others like it: its `main.ts` is this call. */
export async function runService(
  service: ServicePackage,
  about: string,
  args: readonly string[],
  environment: Environment,
): Promise<void> {
  const { name } = service;
  await runProcess(
    {
      name,
      about,
      configure: (from) => {
        const { distributed, start } = loadTogether(from, {
          distributed: (each) => distributedConfig.load(each),
          start: (each) => service.configure(each),
        });
        return async (host) => {
          const { clock, ids, logger, metrics, health, shutdown } = host;
          const parts = await connectParts(name, distributed, {
            clock,
            logger,
            onFatal: (error) => endBecause(error, host),
          });
          watchBus(metrics, parts.bus);
          const { bus, schedule, slots, wakeUps, answers, buckets } = parts;
          const running = await start({
            bus,
            schedule,
            slots,
            wakeUps,
            answers,
            buckets,
            clock,
            ids,
            logger,
            metrics,
            alone: false,
          });
          health.register(name, () => running.ready(), { kind: 'ready', timeoutMs: CHECK_MS });
          health.register('kafka', () => bus.check(), { kind: 'ready', timeoutMs: CHECK_MS });
          shutdown.add(name, () => running.close(), STOP_MS);
          shutdown.add('bus and coordination', () => parts.close(), 2 * CHECK_MS);
          return running.url === undefined ? {} : { url: running.url };
        };
      },
    },
    args,
    environment,
  );
}
