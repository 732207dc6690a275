import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, IdFactory, systemClock } from '@tolem/domain';
import {
  Health,
  type Logger,
  Metrics,
  type ConfigOf,
  defineConfig,
  processFields,
  registerProcessMetrics,
  Shutdown,
  startManagementServer,
  startTracing,
} from '@tolem/observability';

/** What the process as a whole can be told. */
export const processConfig = defineConfig(processFields);

export interface ProcessHost {
  readonly clock: Clock;
  readonly ids: IdFactory;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Steps run in the order in which they are added: the door first, so that nothing comes in that nobody would carry out. */
  readonly shutdown: Shutdown;
}

export interface RunningProcess {
  readonly url?: string;
  readonly managementPort: number;
  readonly shutdown: Shutdown;
}

/** Checks and the small steps of a shutdown take no longer. */
export const CHECK_MS = 2_000;
/** The longest a service may take to finish what it has begun. All steps together stay under 30 s, without the pause for load balancers. */
export const STOP_MS = 20_000;

/**
 * What every process of the house has around its services: traces, metrics, health checks on the management port from the
 * first moment on (not ready until everything serves), and an orderly end.
 */
export async function hostProcess(
  name: string,
  config: ConfigOf<typeof processFields>,
  logger: Logger,
  start: (host: ProcessHost) => Promise<{ readonly url?: string }>,
): Promise<RunningProcess> {
  const clock = systemClock;
  const metrics = new Metrics();
  const stopProcessMetrics = registerProcessMetrics(metrics);
  const { otlpUrl, traceRatio } = config;
  const tracing = startTracing({
    service: name,
    sampleRatio: traceRatio,
    logger,
    ...(otlpUrl === undefined ? {} : { otlpUrl }),
  });
  const health = new Health(clock);
  const shutdown = new Shutdown(logger, clock);
  const { drainMs } = config;
  shutdown.add(
    'readiness',
    async () => {
      health.beginShutdown();
      // Whoever sends requests here learns by probes that others are to take them; until then they are still answered.
      await pause(drainMs);
    },
    drainMs + CHECK_MS,
  );
  let serves = false;
  health.register(
    'start',
    () => {
      if (!serves) throw new Error('still starting');
    },
    { kind: 'ready', timeoutMs: CHECK_MS },
  );
  const management = await startManagementServer({
    host: config.managementHost,
    port: config.managementPort,
    health,
    metrics,
  });
  const { url } = await start({ clock, ids: new IdFactory(clock), logger, metrics, health, shutdown });
  serves = true;
  shutdown.add(
    'management',
    async () => {
      stopProcessMetrics();
      await management.close();
    },
    CHECK_MS,
  );
  shutdown.add('traces', () => tracing.stop(), CHECK_MS);
  return { ...(url === undefined ? {} : { url }), managementPort: management.port, shutdown };
}
