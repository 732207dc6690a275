import type { PollSchedule, Slots } from '@tolem/coordination';
import type { Clock, IdFactory } from '@tolem/domain';
import { Egress } from '@tolem/egress';
import type { Bus } from '@tolem/messaging';
import type { Logger, Metrics } from '@tolem/observability';
import { parseMasterKeys } from '@tolem/persistence';
import { DEFAULT_KIT_SETTINGS, DEFAULT_TIMETABLE, type RunningProvider, startProvider } from '@tolem/provider-kit';
import type { KaspiConfig } from './config.ts';
import { kaspiProvider } from './provider.ts';

/** What the process that hosts the service lends it. */
export interface KaspiSurroundings {
  readonly bus: Bus;
  readonly schedule: PollSchedule;
  readonly slots: Slots;
  readonly clock: Clock;
  readonly ids: IdFactory;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** True where no other process runs this service. */
  readonly alone: boolean;
}

/** Room for the call's own deadline to pass and its answer to be written. */
const CALL_SLACK_MS = 1_000;

/** Starts the Kaspi service; resolves when it takes commands. */
export async function startKaspi(config: KaspiConfig, around: KaspiSurroundings): Promise<RunningProvider> {
  const { clock, ids, alone } = around;
  const egress = new Egress({ clock, connections: config.connections });
  const provider = kaspiProvider(egress, config, () => ids.uuid().replaceAll('-', ''));
  const callMs = Math.max(config.startTimeoutMs, config.readTimeoutMs) + CALL_SLACK_MS;
  const running = await startProvider(provider, {
    ...around,
    masterKeys: parseMasterKeys(config.masterKey),
    databaseUrl: config.databaseUrl,
    databasePoolSize: config.poolSize,
    settings: {
      ...DEFAULT_KIT_SETTINGS,
      alone,
      callMs,
      leaseMs: 2 * callMs,
      timetable: { ...DEFAULT_TIMETABLE, graceMs: config.graceMs },
    },
  });
  return {
    ...running,
    async close() {
      await running.close();
      await egress.close();
    },
  };
}
