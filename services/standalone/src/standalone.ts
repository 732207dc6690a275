import { MemoryAnswers, MemoryPollSchedule, MemorySlots, MemoryTokenBuckets, MemoryWakeUps } from '@tolem/coordination';
import { InProcessBus } from '@tolem/messaging';
import { busTopology, CHECK_MS, type HostedService, type ProcessHost, STOP_MS, watchBus } from '@tolem/service-process';
import type { HouseOfServices } from './config.ts';
import { HOSTED_PROVIDERS } from './hosted-providers.ts';

/**
 * The whole house in one process: the same services as anywhere, with the bus, the poll schedule and the wake-ups in
 * memory. What must survive a crash is in PostgreSQL.
 */
export async function startStandalone(
  services: HouseOfServices,
  host: ProcessHost,
): Promise<{ readonly url?: string }> {
  const { clock, ids, logger, metrics, health, shutdown } = host;
  const bus = new InProcessBus({
    topology: busTopology(HOSTED_PROVIDERS.map(({ name }) => name)),
    onError: (err, consumer) => logger.warn({ err, consumer }, 'the bus pauses and tries again'),
  });
  watchBus(metrics, bus);
  const wakeUps = new MemoryWakeUps();
  const answers = new MemoryAnswers();
  const running: { readonly name: string; readonly service: HostedService }[] = [];
  for (const [name, start] of services) {
    const service = await start({
      bus,
      schedule: new MemoryPollSchedule(clock),
      slots: new MemorySlots(),
      wakeUps,
      answers,
      buckets: new MemoryTokenBuckets(clock),
      clock,
      ids,
      logger: logger.child({ component: name }),
      metrics,
      alone: true,
    });
    health.register(name, () => service.ready(), { kind: 'ready', timeoutMs: CHECK_MS });
    running.push({ name, service });
  }
  // The door first, so that nothing comes in that nobody would carry out.
  for (const { name, service } of running.toReversed()) shutdown.add(name, () => service.close(), STOP_MS);
  const url = running.map(({ service }) => service.url).find((each) => each !== undefined);
  return url === undefined ? {} : { url };
}
