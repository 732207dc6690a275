import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deviceDelete, deviceRegister, type DeviceState, deviceState, EVENTS_TOPIC, produce } from '@tolem/contracts';
import { waitFor } from '@tolem/testing';
import { GatewayHarness, PROVIDER, type Shop } from '../test/gateway-harness.ts';

let house: GatewayHarness;
let shop: Shop;
beforeAll(async () => {
  house = await GatewayHarness.start();
  shop = await house.onboard();
});
afterAll(() => house.close());

const REFUSED = { code: 'device_refused', provider_code: '-1501', provider_message: 'No', cashier_key: 'desk_setup' };

function make(desk: string, more: object = {}, headers = {}) {
  const [tradePoint] = shop.tradePoints;
  return shop.api.post(
    '/v1/desks',
    { organization: shop.organization, desk, trade_point: tradePoint, ...more },
    headers,
  );
}

function tell(desk: string, state: Partial<DeviceState>): void {
  const time = new Date().toISOString();
  const address = {
    id: house.ids.next('msg'),
    source: PROVIDER.name,
    subject: desk,
    time,
    tenant: null,
    mode: 'test' as const,
    topic: EVENTS_TOPIC,
    key: desk,
  };
  house.tell(
    produce(deviceState, address, {
      subject_id: desk,
      connection_id: shop.connection,
      seq: 1,
      op_id: null,
      observed_at: time,
      status: 'registered',
      failure: null,
      ...state,
    }),
  );
}

const device = async (desk: string) => (await shop.api.get(`/v1/desks/${desk}`)).at('/devices/0');

describe('a desk', () => {
  it('is made under the chain’s own id and its device registered in the background, once', async () => {
    const headers = { 'idempotency-key': 'desk-once' };
    const made = await make('Касса №1 / Абая', {}, headers);
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^dsk_/),
        object: 'desk',
        desk: 'Касса №1 / Абая',
        organization: shop.organization,
        trade_point: shop.tradePoints[0],
        status: 'active',
        devices: [{ provider: PROVIDER.name, status: 'pending', failure: null }],
      },
    });
    expect(await make('Касса №1 / Абая', {}, headers)).toMatchObject({ status: 200, body: { id: made.at('/id') } });
    const id = made.string('/id');
    const registers = await house.waitForCommands(deviceRegister.type, 1, (command) => command.subject === id);
    expect(registers.map((command) => deviceRegister.produce.parse(command.body))).toEqual([
      {
        op_id: `${id}.register.1`,
        subject_id: id,
        connection_id: shop.connection,
        connection_version: 1,
        device_id: id,
        lane: id,
        trade_point_ref: '1',
      },
    ]);
    expect((await shop.api.get(`/v1/desks/${encodeURIComponent('Касса №1 / Абая')}`)).at('/id')).toBe(id);
    expect((await shop.api.get(`/v1/desks/${id}`)).at('/desk')).toBe('Касса №1 / Абая');
  });

  it('needs its trade point named where there are several, and none where there is one', async () => {
    expect(await make('d-several', { trade_point: undefined })).toMatchObject({
      status: 422,
      body: { code: 'trade_point_required' },
    });
    const single = await house.onboard({ tradePoints: 1 });
    expect(await single.api.post('/v1/desks', { organization: single.organization, desk: 'd-1' })).toMatchObject({
      status: 201,
      body: { trade_point: single.tradePoints[0] },
    });
  });

  it.each([
    [
      'a trade point of another organization',
      { trade_point: 'tp_00000000000000000000000000' },
      422,
      'trade_point_unknown',
    ],
    ['something that is no trade point', { trade_point: 'x' }, 422, 'trade_point_unknown'],
    ['an unknown organization', { organization: 'org_00000000000000000000000000' }, 404, 'not_found'],
    ['no name', { desk: '' }, 400, 'invalid_request'],
    ['a name that is too long', { desk: 'x'.repeat(129) }, 400, 'invalid_request'],
    ['a name with a line break', { desk: 'a\nb' }, 400, 'invalid_request'],
    ['an unknown field', { device: 'x' }, 400, 'invalid_request'],
  ])('is not made with %s', async (_, more, status, code) => {
    expect(await make('d-bad', more)).toMatchObject({ status, body: { code } });
  });

  it('exists once per name, whichever organization of the tenant it belongs to', async () => {
    const first = await make('d-twice');
    expect(await make('d-twice')).toMatchObject({
      status: 409,
      body: { code: 'desk_exists', desk: { id: first.at('/id') } },
    });
    const other = await house.onboard();
    const body = { organization: other.organization, desk: 'd-twice', trade_point: other.tradePoints[0] };
    expect((await other.api.post('/v1/desks', body)).status).toBe(201);
  });

  it('moves to another trade point and its device is registered there', async () => {
    const id = (await make('d-move')).string('/id');
    tell(id, { status: 'registered' });
    await waitFor(
      'a registered device',
      async () => ((await device(id)) as { status: string }).status === 'registered',
    );
    expect(await shop.api.patch('/v1/desks/d-move', { trade_point: shop.tradePoints[1] })).toMatchObject({
      status: 200,
      body: { id, trade_point: shop.tradePoints[1], devices: [{ status: 'pending' }] },
    });
    const registers = await house.waitForCommands(deviceRegister.type, 2, (command) => command.subject === id);
    expect(registers[1]?.body).toMatchObject({ op_id: `${id}.register.2`, trade_point_ref: '2' });
    await shop.api.patch(`/v1/desks/${id}`, { trade_point: shop.tradePoints[1] });
    expect((await shop.api.patch(`/v1/desks/${id}`, { trade_point: 'x' })).status).toBe(422);
    expect(house.commandsOf(deviceRegister.type).filter((command) => command.subject === id)).toHaveLength(2);
  });

  it('is deleted with its device, and its name is free for another desk', async () => {
    const id = (await make('d-gone')).string('/id');
    expect(await shop.api.delete('/v1/desks/d-gone')).toMatchObject({ status: 200, body: { id, status: 'deleted' } });
    const [deleted] = await house.waitForCommands(deviceDelete.type, 1, (command) => command.subject === id);
    expect(deviceDelete.produce.parse(deleted?.body)).toMatchObject({ device_id: id, connection_id: shop.connection });
    expect((await shop.api.get('/v1/desks/d-gone')).status).toBe(404);
    expect((await shop.api.get(`/v1/desks/${id}`)).at('/status')).toBe('deleted');
    expect((await shop.api.delete(`/v1/desks/${id}`)).status).toBe(200);
    expect(await shop.api.patch(`/v1/desks/${id}`, { trade_point: shop.tradePoints[1] })).toMatchObject({
      status: 409,
      body: { code: 'desk_deleted' },
    });
    expect((await make('d-gone')).string('/id')).not.toBe(id);
    expect(house.commandsOf(deviceDelete.type).filter((command) => command.subject === id)).toHaveLength(1);
  });

  it('is listed by organization and trade point, without the deleted ones', async () => {
    const own = await house.onboard({ tradePoints: 2 });
    for (const [index, point] of own.tradePoints.entries()) {
      await own.api.post('/v1/desks', { organization: own.organization, desk: `d-${index}`, trade_point: point });
    }
    await own.api.post('/v1/desks', {
      organization: own.organization,
      desk: 'd-deleted',
      trade_point: own.tradePoints[0],
    });
    await own.api.delete('/v1/desks/d-deleted');
    const names = async (query: string) => (await own.api.get(`/v1/desks?${query}`)).list().map((desk) => desk['desk']);
    expect(await names('')).toEqual(['d-1', 'd-0']);
    expect(await names(`organization=${own.organization}&trade_point=${own.tradePoints[0] ?? ''}`)).toEqual(['d-0']);
    expect(await names(`organization=${shop.organization}`)).toEqual([]);
    expect(await names('organization=x')).toEqual([]);
  });
});

describe('what a provider’s service tells of a device', () => {
  it('shows on the desk and counts only forwards', async () => {
    const id = (await make('d-told')).string('/id');
    tell(id, { seq: 2, status: 'failed', failure: REFUSED });
    tell(id, { seq: 1, status: 'registered' });
    await waitFor('the failure', async () => ((await device(id)) as { status: string }).status === 'failed');
    expect(await device(id)).toEqual({
      provider: PROVIDER.name,
      status: 'failed',
      failure: {
        code: 'device_refused',
        provider_code: '-1501',
        provider_message: 'No',
        text: { ru: expect.stringMatching(/[а-я]/), kk: expect.any(String), en: expect.stringMatching(/support/) },
      },
    });
    tell(id, { seq: 3, status: 'registered' });
    await waitFor('the success', async () => ((await device(id)) as { status: string }).status === 'registered');
  });

  it('of somebody else’s desk is not written down', async () => {
    const id = (await make('d-foreign')).string('/id');
    const other = await house.onboard();
    tell(id, { seq: 9, status: 'failed', connection_id: other.connection });
    tell('dev_00000000000000000000000000', { seq: 1 });
    tell(id, { seq: 1, status: 'registered' });
    await waitFor('its own news', async () => ((await device(id)) as { status: string }).status === 'registered');
  });
});
