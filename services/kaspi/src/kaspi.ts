import { Egress } from '@tolem/egress';
import { parseMasterKeys } from '@tolem/persistence';
import {
  DEFAULT_KIT_SETTINGS,
  DEFAULT_TIMETABLE,
  type HostSurroundings,
  type RunningProvider,
  startProvider,
  watchEgress,
} from '@tolem/provider-kit';
import { backgroundWithin } from './connections/background-slots.ts';
import { CertificateFiles } from './certificates/certificate-files.ts';
import type { KaspiConfig } from './config.ts';
import { kaspiProvider } from './provider.ts';
import { exitOf, proxyLog, watchProxies } from './connections/static-egress.ts';

/** Room for the call's own deadline to pass and its answer to be written. */
const CALL_SLACK_MS = 1_000;
/**
 * How long an operation may wait for its first call before its lease has to be renewed. What a process that died had
 * accepted is free when its lease is over, and a start must be free well before its deadline (20 s) to be worth anything.
 */
const BEFORE_CALL_MS = 2_000;

/** Starts the Kaspi service; resolves when it takes commands. */
export async function startKaspi(config: KaspiConfig, around: HostSurroundings): Promise<RunningProvider> {
  const { clock, ids, alone } = around;
  const files = await CertificateFiles.read(config.certificateFiles, clock.now());
  const exit = exitOf(config);
  const egress = new Egress({
    clock,
    connections: config.connections,
    ...(exit === undefined ? {} : { exit }),
    onProxy: proxyLog(around.logger),
    onBreaker: ({ place, state, retryAfterMs }) =>
      around.logger.warn({ address: place.address, credential: place.credentialId, state, retryAfterMs }, 'breaker'),
  });
  watchEgress(around.metrics, 'kaspi', egress);
  watchProxies(around.metrics, egress);
  const provider = kaspiProvider(egress, config, () => ids.uuid().replaceAll('-', ''));
  const callMs = Math.max(config.startTimeoutMs, config.readTimeoutMs) + CALL_SLACK_MS;
  const running = await startProvider(provider, {
    ...around,
    slots: backgroundWithin(around.slots, config.connections),
    masterKeys: parseMasterKeys(config.masterKey),
    databaseUrl: config.databaseUrl,
    databasePoolSize: config.poolSize,
    settings: {
      ...DEFAULT_KIT_SETTINGS,
      alone,
      callMs,
      leaseMs: callMs + BEFORE_CALL_MS,
      writeMs: config.writeTimeoutMs + CALL_SLACK_MS,
      resolveAfterMs: config.resolveAfterMs,
      unchangedOverMs: config.unchangedOverMs,
      timetable: { ...DEFAULT_TIMETABLE, graceMs: config.graceMs },
    },
  });
  const close = async (): Promise<void> => {
    await files.stop();
    await running.close();
    await egress.close();
  };
  await files.start({ bring: running.bringCertificate, clock, logger: around.logger }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { ...running, close };
}
