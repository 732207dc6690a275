import { commandsTopic, EVENTS_TOPIC } from '@tolem/contracts';
import { MemoryPollSchedule, MemorySlots, MemoryWakeUps } from '@tolem/coordination';
import { IdFactory, systemClock } from '@tolem/domain';
import { startGateway } from '@tolem/gateway';
import { InProcessBus } from '@tolem/messaging';
import {
  Health,
  type Logger,
  Metrics,
  registerProcessMetrics,
  Shutdown,
  startManagementServer,
  startTracing,
} from '@tolem/observability';
import { watchBus } from './bus-metrics.ts';
import type { RunningProvider } from '@tolem/provider-kit';
import type { StandaloneConfig } from './config.ts';

export interface RunningStandalone {
  readonly url: string;
  readonly managementPort: number;
  readonly shutdown: Shutdown;
}

const CHECK_MS = 2_000;
const STOP_MS = 10_000;

/**
 * The whole house in one process: the same services as anywhere, with the bus, the poll schedule and the wake-ups in
 * memory. What must survive a crash is in PostgreSQL.
 */
export async function startStandalone(config: StandaloneConfig, logger: Logger): Promise<RunningStandalone> {
  const clock = systemClock;
  const ids = new IdFactory(clock);
  const names = [...config.providers.keys()];
  const bus = new InProcessBus({
    topology: {
      [EVENTS_TOPIC]: ['gateway'],
      ...Object.fromEntries(names.map((name) => [commandsTopic(name), [name]])),
    },
    onError: (err, consumer) => logger.warn({ err, consumer }, 'the bus pauses and tries again'),
  });
  const metrics = new Metrics();
  const stopProcessMetrics = registerProcessMetrics(metrics);
  watchBus(metrics, bus);
  const { otlpUrl, traceRatio } = config.process;
  const tracing = startTracing({
    service: 'tolem',
    sampleRatio: traceRatio,
    logger,
    ...(otlpUrl === undefined ? {} : { otlpUrl }),
  });
  const health = new Health(clock);
  const shutdown = new Shutdown(logger, clock);
  shutdown.add('readiness', () => health.beginShutdown(), CHECK_MS);

  const providers = new Map<string, RunningProvider>();
  for (const [name, start] of config.providers) {
    const running = await start({
      bus,
      schedule: new MemoryPollSchedule(clock),
      slots: new MemorySlots(),
      clock,
      ids,
      logger: logger.child({ component: name }),
      metrics,
      alone: true,
    });
    providers.set(name, running);
  }
  const gateway = await startGateway(config.gateway, {
    bus,
    wakeUps: new MemoryWakeUps(),
    alone: true,
    clock,
    ids,
    logger: logger.child({ component: 'gateway' }),
    metrics,
  });
  health.register('gateway', () => gateway.check(), { kind: 'ready', timeoutMs: CHECK_MS });
  for (const [name, provider] of providers) {
    health.register(name, () => provider.ready(), { kind: 'ready', timeoutMs: CHECK_MS });
  }
  const management = await startManagementServer({
    host: config.process.managementHost,
    port: config.process.managementPort,
    health,
    metrics,
  });
  // The door first, so that nothing comes in that nobody would carry out.
  shutdown.add('gateway', () => gateway.close(), STOP_MS);
  for (const [name, provider] of providers) shutdown.add(name, () => provider.close(), STOP_MS);
  shutdown.add(
    'management',
    async () => {
      stopProcessMetrics();
      await management.close();
    },
    CHECK_MS,
  );
  shutdown.add('traces', () => tracing.stop(), STOP_MS);
  return { url: gateway.url, managementPort: management.port, shutdown };
}
