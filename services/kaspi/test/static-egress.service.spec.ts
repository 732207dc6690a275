import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Egress, type EgressOptions } from '@tolem/egress';
import { KaspiClient } from '../src/client/kaspi.client.ts';
import { kaspiConfig } from '../src/config.ts';
import { exitOf } from '../src/connections/static-egress.ts';
import { verifyOutcome } from '../src/connections/verify-kaspi.ts';
import { BIN, RunningBank } from './running-bank.ts';
import { RunningProxy, STATIC_ADDRESS } from './running-proxy.ts';

let bank: RunningBank;
const closing: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  bank = await RunningBank.start({ r3AllowedAddresses: [STATIC_ADDRESS] });
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => bank.close());

async function proxy(): Promise<RunningProxy> {
  const running = await RunningProxy.start();
  closing.push(() => running.stop());
  return running;
}

/** What the service makes of the bank when it is configured so: the health of a connection. */
function service(environment: Readonly<Record<string, string>>, options: EgressOptions = {}): () => Promise<string> {
  const exit = exitOf(
    kaspiConfig.load({
      TOLEM_KASPI_DATABASE_URL: 'postgres://tolem_kaspi@127.0.0.1/tolem',
      TOLEM_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      ...environment,
    }),
  );
  const egress = new Egress({ ...options, ...(exit === undefined ? {} : { exit }) });
  closing.push(() => egress.close());
  let requests = 0;
  const kaspi = new KaspiClient({ egress, requestId: () => `request-${(requests += 1)}` });
  const at = { scheme: 'r3', baseUrl: bank.url, credential: bank.credential() };
  return async () => {
    const outcome = verifyOutcome(await kaspi.tradePoints(at, BIN));
    return outcome.is === 'up' ? `up: ${outcome.tradePoints?.length ?? 0}` : `${outcome.is}: ${outcome.failure.code}`;
  };
}

describe('a bank that knows one address only', () => {
  it('does not serve a direct call, and serves the same call through a proxy with that address', async () => {
    expect(await service({})()).not.toMatch(/^up/);
    const { url } = await proxy();
    expect(await service({ TOLEM_KASPI_EGRESS_PROXIES: url })()).toBe('up: 3');
  });

  it('serves calls that are made from that address without a proxy', async () => {
    expect(await service({ TOLEM_KASPI_EGRESS_SOURCE_ADDRESS: STATIC_ADDRESS })()).toBe('up: 3');
  });

  it('is reached through the second proxy when the first dies, and not at all when both are dead', async () => {
    const [first, second] = [await proxy(), await proxy()];
    const told: string[] = [];
    const verify = service(
      { TOLEM_KASPI_EGRESS_PROXIES: `${first.url},${second.url}` },
      { keepAliveMs: 1, onProxy: ({ proxy: name, up }) => told.push(`${name} ${up ? 'up' : 'down'}`) },
    );
    expect(await verify()).toBe('up: 3');
    await first.stop();
    expect(await verify()).toBe('up: 3');
    await second.stop();
    expect(await verify()).toBe('down: egress_proxy_unavailable');
    expect(told).toEqual([first, second].map(({ name }) => `${name} down`));
  });

  it('hears nothing from a machine that does not have the address', async () => {
    expect(await service({ TOLEM_KASPI_EGRESS_SOURCE_ADDRESS: '203.0.113.7' })()).toBe(
      'down: egress_source_address_unavailable',
    );
  });
});
