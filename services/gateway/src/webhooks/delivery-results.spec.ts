import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@tolem/observability';
import { waitFor } from '@tolem/testing';
import { DeliveryResults } from './delivery-results.ts';
import type { DeliveryResult } from './delivery-store.ts';

const logger = createLogger({ service: 'gateway', level: 'silent' });
const result = (event: string): DeliveryResult => ({
  endpoint: 'e',
  event,
  attempt: 1,
  outcome: 'delivered',
  status: 204,
  error: null,
  wait_ms: 0,
});

describe('results of attempts', () => {
  it('are written together, and those that the database refuses are written when it is back', async () => {
    const batches: string[][] = [];
    let isAway = true;
    let settled = 0;
    const results = new DeliveryResults(
      {
        settle: async (batch) => {
          if (isAway) throw new Error('away');
          batches.push(batch.map(({ event }) => event));
          return [];
        },
      },
      1,
      logger,
      (count) => (settled += count),
    );
    results.add(result('1'));
    results.add(result('2'));
    await new Promise((resolve) => setImmediate(resolve));
    isAway = false;
    results.add(result('3'));
    await waitFor('all of them', () => settled === 3);
    expect(batches.flat().sort()).toEqual(['1', '2', '3']);
    await results.close();
  });

  it('that are still there at the end are tried once more, and the end comes all the same', async () => {
    let tries = 0;
    const results = new DeliveryResults(
      {
        settle: () => {
          tries += 1;
          return Promise.reject(new Error('away'));
        },
      },
      60_000,
      logger,
      () => undefined,
    );
    results.add(result('1'));
    await results.close();
    expect(tries).toBe(1);
  });
});
