import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { allTold } from '../test/all-told.ts';
import { GatewayHarness, SCHEME } from '../test/gateway-harness.ts';
import { firstBins } from '../test/tax-ids.ts';

const BINS = firstBins(1_000);

let house: GatewayHarness;
beforeAll(async () => {
  house = await GatewayHarness.start();
});
afterAll(() => house.close());

it('a file of a thousand rows is carried out row by row, and again changes nothing', async () => {
  const { api, tenant } = await house.tenant();
  const certificate = await house.certificate();
  await house.grant(certificate, tenant, BINS);
  const rows = BINS.map((taxId, at) => ['KZ', taxId, `Shop ${at}`, SCHEME, certificate, `shop-${at}`, '41', ''].join());
  const text = ['country,tax_id,name,scheme,certificate,desk,trade_point,max_amount', ...rows].join('\n');
  const upload = () => api.send('POST', '/v1/organizations/bulk', text, { 'content-type': 'text/csv; charset=utf-8' });
  expect(await upload()).toMatchObject({ body: { counts: { created: 1_000, refused: 0 } } });
  expect(await upload()).toMatchObject({ body: { counts: { unchanged: 1_000, refused: 0 } } });
  await allTold(house, BINS);
}, 180_000);
