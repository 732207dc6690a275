import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@tolem/observability';
import { hostProcess } from './host-process.ts';

const DRAIN_MS = 60;

describe('a process that is stopped', () => {
  it.each([0, DRAIN_MS])(
    'says that it is not ready, and closes its door no sooner than %s ms later',
    async (drainMs) => {
      const seen: { ready: number; afterMs: number }[] = [];
      let stoppedAt = Infinity;
      const running = await hostProcess(
        'tried',
        settings(drainMs),
        createLogger({ service: 'tried', level: 'silent' }),
        async (host) => {
          host.shutdown.add(
            'door',
            async () => {
              const afterMs = host.clock.monotonicMs() - stoppedAt;
              seen.push({ ready: (await readiness()).status, afterMs });
            },
            1_000,
          );
          return {};
        },
      );
      const readiness = (): Promise<Response> => fetch(`http://127.0.0.1:${running.managementPort}/readyz`);
      expect((await readiness()).status).toBe(200);
      stoppedAt = performance.now();
      expect(await running.shutdown.run('a test')).toBe(true);
      expect(seen).toHaveLength(1);
      expect(seen[0]?.ready).toBe(503);
      expect(seen[0]?.afterMs).toBeGreaterThanOrEqual(drainMs - 1);
    },
  );
});

const settings = (drainMs: number) => ({
  logLevel: 'silent' as const,
  managementHost: '127.0.0.1',
  managementPort: 0,
  drainMs,
  otlpUrl: undefined,
  traceRatio: 1,
});
