import { commandsTopic, EVENTS_TOPIC } from '@tolem/contracts';
import { MemoryPollSchedule, MemorySlots, MemoryWakeUps } from '@tolem/coordination';
import { IdFactory, systemClock } from '@tolem/domain';
import { startGateway } from '@tolem/gateway';
import { startKaspi } from '@tolem/kaspi';
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
  const bus = new InProcessBus({
    topology: { [EVENTS_TOPIC]: ['gateway'], [commandsTopic('kaspi')]: ['kaspi'] },
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

  const kaspi = await startKaspi(config.kaspi, {
    bus,
    schedule: new MemoryPollSchedule(clock),
    slots: new MemorySlots(),
    clock,
    ids,
    logger: logger.child({ service: 'kaspi' }),
    metrics,
    alone: true,
  });
  const gateway = await startGateway(config.gateway, {
    bus,
    wakeUps: new MemoryWakeUps(),
    alone: true,
    clock,
    ids,
    logger: logger.child({ service: 'gateway' }),
  });
  health.register('gateway', () => gateway.check(), { kind: 'ready', timeoutMs: CHECK_MS });
  health.register('kaspi', () => kaspi.ready(), { kind: 'ready', timeoutMs: CHECK_MS });
  const management = await startManagementServer({
    host: config.process.managementHost,
    port: config.process.managementPort,
    health,
    metrics,
  });
  // The door first, so that nothing comes in that nobody would carry out.
  shutdown.add('gateway', () => gateway.close(), STOP_MS);
  shutdown.add('kaspi', () => kaspi.close(), STOP_MS);
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
