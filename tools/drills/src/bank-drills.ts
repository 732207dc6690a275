import { z } from 'zod';
import type { Drill } from './drill.ts';
import { until } from './until.ts';

/** Most after the bank has given the money back, which is worse; the others prove that it has not, and go again. */
const LOST = [
  { fault: 'lost_after', times: 4 },
  { fault: 'lost_before', times: 2 },
] as const;
const LOST_WITHIN_MS = 60_000;
const ANSWER_TIMEOUT_MS = 10_000;
const board = z.looseObject({ faults: z.array(z.looseObject({ times: z.int().nullable() })) });

/** What became of the money shows only in what the bank says is left of the purchase. */
export const lostReturns: Drill = {
  name: 'lost-returns',
  title: 'the bank’s answers to some returns of money get lost',
  run: async ({ house: { house }, failed }) => {
    const faults = new URL('/faults', house.sandbox.control);
    const ask = async (method: 'GET' | 'PUT' | 'DELETE', body?: object): Promise<number> => {
      const answer = await fetch(faults, {
        method,
        signal: AbortSignal.any([house.ending, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const { faults: left } = board.parse(await answer.json());
      return left.reduce((sum, { times }) => sum + (times ?? 0), 0);
    };
    for (const lost of LOST) await ask('PUT', { provider: 'kaspi', call: 'payment/return', ...lost });
    let left = 0;
    await until(
      async () => {
        left = await ask('GET');
        return left === 0 ? true : undefined;
      },
      LOST_WITHIN_MS,
      house.ending,
    );
    await ask('DELETE');
    const wanted = LOST.reduce((sum, { times }) => sum + times, 0);
    if (left > 0) failed(`${left} of ${wanted} answers were not lost`);
    return [`${wanted - left} of ${wanted} answers were lost, ${LOST[0].times} of them after the bank had acted`];
  },
};
