import { waitFor } from '@tolem/testing';
import { z } from 'zod';
import type { ChainServer } from '../src/chain-server.ts';

const HAND_MS = 10_000;

const view = z.looseObject({
  id: z.string(),
  status: z.string(),
  amount: z.int().nullable(),
  evidence: z.string().nullable().optional(),
  amount_refunded: z.int().optional(),
  provider: z.looseObject({ id: z.string().nullable() }),
});
/** As much of a payment or of a refund as is looked at here. */
export type MoneyView = z.output<typeof view>;

/** One gateway's answer to a POST that must work. */
export async function posted<T>(
  gateway: ChainServer,
  path: string,
  body: object,
  idempotencyKey: string | undefined,
  answer: z.ZodType<T>,
): Promise<T> {
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  const { status, text } = await gateway.request({ method: 'POST', path, body, waitSeconds: 20, ...key });
  if (status >= 300) throw new Error(`POST ${path} was answered with ${status}: ${text}`);
  return answer.parse(JSON.parse(text));
}

export const created = (gateway: ChainServer, path: string, body: object, key: string): Promise<MoneyView> =>
  posted(gateway, path, body, key, view);

/** What one gateway shows, once it is as wanted. */
export function shows(
  gateway: ChainServer,
  path: string,
  is: (shown: MoneyView) => boolean,
  deadlineMs: number,
): Promise<MoneyView> {
  return waitFor(
    `${path} to be as wanted`,
    async () => {
      const { text } = await gateway.request({ method: 'GET', path: `${path}?wait=1`, waitSeconds: 1 });
      const shown = view.parse(JSON.parse(text));
      return is(shown) ? shown : undefined;
    },
    deadlineMs,
  );
}

const rows = z.array(
  z.looseObject({
    ...{ kind: z.string(), id: z.string(), amount: z.int(), payment_id: z.string().nullable() },
    calls: z.array(z.looseObject({ call: z.string() })),
  }),
);

/** Everything in the books of the simulated bank. */
export async function bankRows(controlUrl: string): Promise<z.output<typeof rows>> {
  const answer = await fetch(new URL('/ledger', controlUrl), { signal: AbortSignal.timeout(HAND_MS) });
  return rows.parse(await answer.json());
}

/** What a buyer does in his app. */
export async function byHand(controlUrl: string, path: string): Promise<void> {
  const answer = await fetch(new URL(path, controlUrl), { method: 'POST', signal: AbortSignal.timeout(HAND_MS) });
  if (!answer.ok) throw new Error(`the bank answered ${answer.status} to ${path}`);
}
