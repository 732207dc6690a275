import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { idFromUuid } from '@tolem/domain';
import { GatewayHarness, PROVIDER, type Shop } from '../../test/gateway-harness.ts';
import { tellPayment } from '../test/provider-facts.ts';
import { waitFor } from '@tolem/testing';

describe('POST /v1/test/payments/{id}/{step}', () => {
  let house: GatewayHarness;
  let shop: Shop;
  let payment: string;
  beforeAll(async () => {
    house = await GatewayHarness.start();
    shop = await house.onboard();
    const made = await shop.api.post('/v1/payments', {
      organization: shop.organization,
      desk: 'desk-03',
      trade_point: shop.tradePoints[0],
      amount: 149_000,
      currency: PROVIDER.currency,
      method: { type: PROVIDER.methods[0]?.type },
    });
    payment = made.string('/id');
    tellPayment(house, payment, 1, 'requires_customer', { provider_ref: 'R1' });
    await waitFor(
      'the payment at its provider',
      async () => (await shop.api.get(`/v1/payments/${payment}`)).at('/status') === 'requires_customer',
    );
  });
  afterAll(() => house.close());

  const path = (step: string, id = payment): string => `/v1/test/payments/${id}/${step}`;
  const asked = (): number => house.commandsOf('question.ask').length;

  it('asks the provider under the connection of the payment, and believes no answer that was not sealed for the question', async () => {
    const reply = shop.api.post(path('scan_error'));
    const [question] = await house.waitForCommands('question.ask');
    expect(question?.body).toMatchObject({ kind: 'emulate', connection_id: shop.connection });
    // Nobody can forge an answer: one that was not sealed for the question is none.
    house.answers.tell(question?.subject ?? '', 'AAAA');
    expect(await reply).toMatchObject({ status: 503, body: { code: 'provider_unavailable' } });
    expect((await shop.api.get(`/v1/payments/${payment}`)).body).toMatchObject({ status: 'requires_customer' });
  });

  it.each<[string, string, object | undefined, number, string]>([
    ['a step that nobody takes', 'pay', undefined, 404, 'not_found'],
    ['the bank’s own name of a step', 'scanerror', undefined, 404, 'not_found'],
    ['a field that there is not', 'scan', { wait: 5 }, 400, 'invalid_request'],
    ['a list for a body', 'scan', [], 400, 'invalid_request'],
  ])('refuses %s and asks nothing', async (_, step, body, status, code) => {
    const before = asked();
    expect(await shop.api.post(path(step), body)).toMatchObject({ status, body: { code } });
    expect(asked()).toBe(before);
  });

  it('answers 404 for a payment that there is not', async () => {
    const unknown = idFromUuid('pay', house.ids.uuid());
    for (const id of [unknown, 'pay_x', shop.organization])
      expect(await shop.api.post(path('scan', id))).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('takes the key of a till, and none that only reads', async () => {
    const keyWith = async (scope: string) =>
      house.api(
        (await shop.api.post(`/v1/tenants/${shop.tenant}/api_keys`, { mode: 'test', scopes: [scope] })).string(
          '/secret',
        ),
      );
    const reader = await keyWith('payments:read');
    expect(await reader.post(path('scan'))).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    const till = await keyWith('payments:write');
    expect(await till.post(path('nothing'))).toMatchObject({ status: 404 });
  });

  it('does not exist with a live key, whatever the payment', async () => {
    const made = await house.operator.post(`/v1/tenants/${shop.tenant}/api_keys`, { mode: 'live', scopes: ['admin'] });
    const live = house.api(made.string('/secret'));
    const before = asked();
    const reply = await live.post(path('confirm'));
    expect(reply).toMatchObject({ status: 403, body: { code: 'test_mode_only', retryable: false } });
    expect(asked()).toBe(before);
  });
});
