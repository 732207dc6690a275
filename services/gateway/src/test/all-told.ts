import { connectionPut } from '@tolem/contracts';
import { waitFor } from '@tolem/testing';
import type { GatewayHarness } from './gateway-harness.ts';

/** Waits until the provider's service was told the settings of each: a message may come twice, and none may be missing. */
export async function allTold(house: GatewayHarness, taxIds: readonly string[]): Promise<void> {
  const told = (): Set<string> =>
    new Set(house.commandsOf(connectionPut.type).map(({ body }) => connectionPut.produce.parse(body).tax_id));
  await waitFor(
    'all settings to be told',
    () => {
      const known = told();
      return taxIds.every((taxId) => known.has(taxId));
    },
    60_000,
  );
}
