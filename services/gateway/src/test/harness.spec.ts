import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewayHarness } from './gateway-harness.ts';

let house: GatewayHarness;
beforeAll(async () => {
  house = await GatewayHarness.start();
});
afterAll(() => house.close());

describe('onboarding over the public API', () => {
  it('ends with a verified connection and the trade points that the provider lists', async () => {
    const shop = await house.onboard();
    expect(shop.tradePoints).toHaveLength(3);
  });
});
