import { expect } from '@jest/globals';
import type { KaspiShop, Scheme } from './kaspi-shop.ts';
import { problemView } from './views.ts';

export interface KaspiCase {
  /** The guarantee. */
  readonly says: string;
  readonly schemes: readonly Scheme[];
  /** @param desk a name that no other case uses @param before the till of the same organization that sold before this one */
  run(shop: KaspiShop, desk: string, before: KaspiShop): Promise<void>;
}

/** A request that must be refused, and how. */
export async function refused(
  shop: KaspiShop,
  path: string,
  body: object,
  expected: { status: number; code: string },
): Promise<void> {
  const answer = await shop.api.send('POST', path, body);
  const { code, cashier_message: words } = problemView.parse(answer.body);
  expect({ status: answer.status, code }).toEqual(expected);
  if (code === 'refund_not_supported' || code === 'payer_not_found') expect(words?.ru).toMatch(/[а-я]/i);
}
