import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { ChainServer } from '../src/chain-server.ts';
import type { DrillHouse, Service } from '../src/drill-house.ts';
import { created, shows } from './money-across.ts';
import { CLOSE_MS, OPEN_MS, ownHouse } from './own-house.ts';

const BACK_MS = 90_000;
const EVERYBODY = (['gateway', 'kaspi'] as const).flatMap((service) => [1, 2].map((replica) => ({ service, replica })));

describe('two of each service whose stores go away', () => {
  let house: DrillHouse;
  let close: (() => Promise<number[]>) | undefined;
  let chain: ChainServer;

  beforeAll(async () => {
    ({ house, close } = await ownHouse());
    const { gatewayUrls, ending } = house.house;
    chain = new ChainServer({ gateways: gatewayUrls, apiKey: house.chain.apiKey, signal: ending });
  }, OPEN_MS);
  afterAll(async () => {
    chain?.close();
    expect(await close?.()).toEqual([]);
  }, CLOSE_MS);

  async function statusOf(service: Service, replica: number, page: string): Promise<number> {
    return (await fetch(`${house.process(service, replica).managementUrl}${page}`)).status;
  }
  const all = (page: string): Promise<number[]> =>
    Promise.all(EVERYBODY.map(({ service, replica }) => statusOf(service, replica, page)));
  const allAnswer = (status: number): Promise<unknown> =>
    waitFor(`${status} of everybody`, async () => (await all('/readyz')).every((answer) => answer === status), BACK_MS);

  async function pay(key: string): Promise<void> {
    const { organization, tradePoint } = house.chain;
    const body = {
      ...{ organization, trade_point: tradePoint, desk: 'till-1', reference: key },
      ...{ amount: 149_000, currency: 'KZT', method: { type: 'kaspi_qr' } },
    };
    const { id } = await created(chain, '/v1/payments?wait=20', body, key);
    await shows(chain, `/v1/payments/${id}`, ({ status }) => status === 'succeeded', BACK_MS);
  }

  it(
    'is alive and not ready without PostgreSQL, takes nothing that it could not keep, and goes on by itself',
    async () => {
      await allAnswer(200);
      await house.house.stopStore('postgres');
      await allAnswer(503);
      expect(new Set(await all('/livez'))).toEqual(new Set([200]));
      const answer = await fetch(`${house.house.gatewayUrls[0]}/v1/payments/by_key/none`, {
        headers: { authorization: `Bearer ${house.chain.apiKey}` },
      });
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      await house.house.startStore('postgres');
      await allAnswer(200);
      await pay('after-postgres');
    },
    4 * BACK_MS,
  );

  it(
    'stays ready without Redis, and a buyer still pays',
    async () => {
      await allAnswer(200);
      await house.house.stopStore('redis', 'SIGKILL');
      await pay('without-redis');
      expect(new Set(await all('/readyz'))).toEqual(new Set([200]));
      await house.house.startStore('redis');
      await pay('with-redis-again');
    },
    4 * BACK_MS,
  );
});
