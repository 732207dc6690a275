import { ApiClient, PlainFailure } from '@tolem/local-stack';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { OpenHouse } from './bench-house.ts';

const AT_ONCE = 8;
const REGISTERED_TIMEOUT_MS = 120_000;
const POLL_MS = 100;

const deskAnswer = z.looseObject({ desk: z.string(), devices: z.array(z.looseObject({ status: z.string() })) });

/** Makes the cash desks that the tills stand at, and waits until the bank knows each of their devices. */
export async function registerDesks(house: OpenHouse, count: number, signal: AbortSignal): Promise<string[]> {
  const { apiKey, organization, tradePoint } = house.chain;
  const [gatewayUrl] = house.gatewayUrls;
  if (gatewayUrl === undefined) throw new PlainFailure('No gateway runs.');
  const api = new ApiClient(gatewayUrl, apiKey, signal);
  const desks = Array.from({ length: count }, (_, index) => `bench-${index + 1}`);
  const waiting = desks.values();
  const deadline = performance.now() + REGISTERED_TIMEOUT_MS;
  const registerOneByOne = async (): Promise<void> => {
    for (const desk of waiting) {
      let answer = await api.call({
        method: 'POST',
        path: '/v1/desks',
        body: { organization, desk, trade_point: tradePoint },
        idempotencyKey: desk,
        answer: deskAnswer,
      });
      while (!answer.devices.some(({ status }) => status === 'registered')) {
        if (performance.now() > deadline || answer.devices.some(({ status }) => status === 'failed')) {
          throw new PlainFailure(`The device of the cash desk ${desk} was not registered: ${JSON.stringify(answer)}`);
        }
        await pause(POLL_MS, undefined, { signal });
        answer = await api.call({ method: 'GET', path: `/v1/desks/${desk}`, answer: deskAnswer });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, registerOneByOne));
  return desks;
}
