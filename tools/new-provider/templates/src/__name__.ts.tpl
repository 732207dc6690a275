import { Egress } from '@tolem/egress';
import { parseMasterKeys } from '@tolem/persistence';
import { DEFAULT_KIT_SETTINGS, DEFAULT_TIMETABLE, type HostSurroundings, type RunningProvider, startProvider } from '@tolem/provider-kit';
import type { __Name__Config } from './config.ts';
import { __name__Provider } from './provider.ts';

/** Room for the call's own deadline to pass and its answer to be written. */
const CALL_SLACK_MS = 1_000;

/** Starts the service of __title__; resolves when it takes commands. */
export async function start__Name__(config: __Name__Config, around: HostSurroundings): Promise<RunningProvider> {
  const { clock, alone } = around;
  const egress = new Egress({ clock, connections: config.connections });
  const callMs = Math.max(config.startTimeoutMs, config.readTimeoutMs) + CALL_SLACK_MS;
  const running = await startProvider(__name__Provider(egress, config), {
    ...around,
    masterKeys: parseMasterKeys(config.masterKey),
    databaseUrl: config.databaseUrl,
    databasePoolSize: config.poolSize,
    settings: {
      ...DEFAULT_KIT_SETTINGS,
      alone,
      callMs,
      leaseMs: callMs + 2_000,
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
