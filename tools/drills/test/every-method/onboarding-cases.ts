import { expect } from '@jest/globals';
import type { KaspiCase } from './kaspi-case.ts';
import { SCHEMES } from './kaspi-shop.ts';
import { certificateView, connectionView, deskView } from './views.ts';

/** As many as the simulated bank gives every organization. */
const TRADE_POINTS = 3;

export const onboardingCases: readonly KaspiCase[] = [
  {
    says: 'onboarding brings the bank’s trade points and a connection that works, and the bank can be asked again',
    schemes: SCHEMES,
    async run(shop) {
      expect(new Set(shop.tradePoints).size).toBe(TRADE_POINTS);
      const path = `/v1/connections/${shop.connection}`;
      const first = await shop.api.ask(connectionView, 'GET', path);
      expect(first).toMatchObject({ status: 'verified', health: 'up', scheme: shop.scheme });
      await shop.api.ask(connectionView, 'POST', `${path}/verify`);
      const again = await shop.api.until('another answer of the bank', connectionView, path, (one) => {
        return one.status === 'verified' && String(one.checked_at) > String(first.checked_at);
      });
      expect(again).toMatchObject({ health: 'up', reason: null });
    },
  },
  {
    says: 'a desk has its device registered ahead of a payment, moved and deleted',
    schemes: SCHEMES,
    async run(shop, desk) {
      const [there, elsewhere] = shop.tradePoints;
      const wanted = { organization: shop.organization, desk, trade_point: there };
      await shop.api.ask(deskView, 'POST', '/v1/desks', wanted);
      const path = `/v1/desks/${desk}`;
      const isNow = (status: string) => (shown: { devices: { status: string }[] }) =>
        shown.devices.length === 1 && shown.devices[0]?.status === status;
      await shop.api.until('its device', deskView, path, isNow('registered'));
      await shop.api.ask(deskView, 'PATCH', path, { trade_point: elsewhere });
      const moved = await shop.api.until('its device there', deskView, path, isNow('registered'));
      expect(moved).toMatchObject({ status: 'active', trade_point: elsewhere });
      const { id } = moved as unknown as { id: string };
      await shop.api.ask(deskView, 'DELETE', path);
      const deleted = await shop.api.until('it to be switched off', deskView, `/v1/desks/${id}`, isNow('deleted'));
      expect(deleted.status).toBe('deleted');
    },
  },
  {
    says: 'another certificate takes over when the bank has answered a ping under it, and sales go on',
    schemes: ['r2', 'r3'],
    async run(shop, desk) {
      const { certificate } = shop;
      if (certificate === null) throw new Error(`${shop.scheme} has no certificate`);
      const order = shop.scheme === 'r2' ? { tax_id: shop.taxId } : {};
      const { certificate: pem, private_key: key, root, intermediate } = await shop.bank.issue(order);
      const path = `/v1/certificates/${certificate.id}`;
      const before = await certificate.api.ask(certificateView, 'GET', path);
      const pair = { certificate: pem, private_key: key, ca: `${root}\n${intermediate}` };
      await certificate.api.ask(certificateView, 'POST', `${path}/replace`, pair);
      const isOver = (one: typeof before): boolean => one.replace !== null && one.replace.status !== 'pending';
      const after = await certificate.api.until('the replacement', certificateView, path, isOver);
      expect(after).toMatchObject({ status: 'active', replace: { status: 'done' } });
      expect(after.active_version).toBeGreaterThan(before.active_version ?? 0);
      await shop.sold(desk, `buyer-${desk}`);
    },
  },
];
