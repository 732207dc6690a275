import { describe, expect, it } from '@jest/globals';
import { Metrics } from '@tolem/observability';
import { proxyLog, watchProxies } from './static-egress.ts';

describe('egress proxies', () => {
  it('are a metric each: 1 while it carries, 0 from its first failure on', async () => {
    const metrics = new Metrics();
    const proxies = [
      { proxy: '10.0.0.5:3128', up: true },
      { proxy: '10.0.0.6:3128', up: false },
    ];
    const none = { answered: 0, notSent: {}, sentWithoutAnswer: {}, breakersOpened: 0, pools: [] };
    watchProxies(metrics, { stats: () => ({ ...none, proxies }) });
    const page = await metrics.text();
    expect(page).toContain('tolem_egress_proxy_up{proxy="10.0.0.5:3128"} 1');
    expect(page).toContain('tolem_egress_proxy_up{proxy="10.0.0.6:3128"} 0');
  });

  it('are an error in the log when one stops, and good news when it is back', () => {
    const lines: string[] = [];
    const note = (level: string) => (fields: unknown, text: unknown) =>
      void lines.push(`${level} ${JSON.stringify(fields)} ${String(text)}`);
    const log = proxyLog({ error: note('error'), info: note('info') } as unknown as Parameters<typeof proxyLog>[0]);
    log({ proxy: '10.0.0.5:3128', up: false, detail: 'asking it for a tunnel: ECONNREFUSED', retryAfterMs: 1_000 });
    log({ proxy: '10.0.0.5:3128', up: true, detail: null, retryAfterMs: 0 });
    expect(lines).toEqual([
      expect.stringMatching(/^error .*10\.0\.0\.5:3128.*ECONNREFUSED.* gives no tunnels$/),
      expect.stringMatching(/^info .*10\.0\.0\.5:3128.* gives tunnels again$/),
    ]);
  });
});
