import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deviceRegister } from '@tolem/contracts';
import type { Reply } from '../test/api-client.ts';
import { GatewayHarness, type Shop } from '../test/gateway-harness.ts';

let house: GatewayHarness;
let shop: Shop;
beforeAll(async () => {
  house = await GatewayHarness.start();
  shop = await house.onboard();
});
afterAll(() => house.close());

const desk = (name: string, more: object = {}) => ({
  organization: shop.organization,
  desk: name,
  trade_point: '1',
  ...more,
});
/** Without an Idempotency-Key, which a batch does not need. */
const batch = (...desks: object[]): Promise<Reply> =>
  shop.api.post('/v1/desks/batch', { desks }, { 'idempotency-key': '' });
const outcomes = (reply: Reply) =>
  reply.list('/results').map(({ desk: name, outcome, errors }) => {
    const [first] = errors as { code: string }[];
    return `${String(name)} ${String(outcome)}${first === undefined ? '' : ` ${first.code}`}`;
  });

describe('a batch of desks', () => {
  it('makes each where it shall stand and has its device registered; again, nothing happens', async () => {
    const wanted = [desk('b-1'), desk('b-2', { trade_point: '2' }), desk('b-3', { trade_point: shop.tradePoints[2] })];
    const made = await batch(...wanted);
    expect(made).toMatchObject({
      status: 200,
      body: { object: 'desk_batch', counts: { created: 3, updated: 0, unchanged: 0, refused: 0 } },
    });
    const ids = made.list('/results').map(({ id }) => id);
    const asked = await house.waitForCommands(deviceRegister.type, 3, ({ subject }) => ids.includes(subject));
    expect(asked.map(({ body }) => deviceRegister.produce.parse(body).trade_point_ref).sort()).toEqual(['1', '2', '3']);
    const again = await batch(...wanted);
    expect(again.list('/results').map(({ id, outcome }) => [id, outcome])).toEqual(ids.map((id) => [id, 'unchanged']));
    expect(house.commandsOf(deviceRegister.type).filter(({ subject }) => ids.includes(subject))).toHaveLength(3);
  });

  it('moves a desk that stands elsewhere', async () => {
    const made = await batch(desk('b-moving'));
    expect(outcomes(await batch(desk('b-moving', { trade_point: '2' })))).toEqual(['b-moving updated']);
    expect(await shop.api.get('/v1/desks/b-moving')).toMatchObject({
      body: { id: made.at('/results/0/id'), trade_point: shop.tradePoints[1] },
    });
  });

  it('tells of each desk that cannot be, another tenant’s things among them, and makes the others', async () => {
    const foreign = await house.onboard();
    const second = await house.organization(shop.api);
    await batch(desk('b-held'));
    const reply = await batch(
      desk('b-a', { organization: foreign.organization }),
      desk('b-b', { organization: 'org_00000000000000000000000000' }),
      desk('b-c', { trade_point: foreign.tradePoints[0] }),
      desk('b-d', { trade_point: '99' }),
      desk('b-e', { trade_point: undefined }),
      desk('b-held', { organization: second.organization, trade_point: undefined }),
      desk('b-f', { organization: second.organization, trade_point: undefined }),
      desk('b-g'),
    );
    expect(outcomes(reply)).toEqual([
      'b-a refused not_found',
      'b-b refused not_found',
      'b-c refused trade_point_unknown',
      'b-d refused trade_point_unknown',
      'b-e refused trade_point_required',
      'b-held refused desk_exists',
      'b-f created',
      'b-g created',
    ]);
  });

  it('of a thousand desks is one call, of a thousand and one it is refused', async () => {
    const many = Array.from({ length: 1_001 }, (_, at) => desk(`b-many-${at}`));
    expect(await batch(...many)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/desks' }] } });
    expect(await batch(...many.slice(1))).toMatchObject({ status: 200, body: { counts: { created: 1_000 } } });
    expect(await batch()).toMatchObject({ status: 400 });
    expect(await batch({ ...desk('x'), color: 'red' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/desks/0/color' }] },
    });
  }, 60_000);
});
