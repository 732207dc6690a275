import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  connectionPut,
  connectionVerify,
  deviceRegister,
  type DeviceState,
  deviceState,
  EVENTS_TOPIC,
  type Failure,
  produce,
} from '@tolem/contracts';
import { waitFor } from '@tolem/testing';
import type { ApiClient, Reply } from '../test/api-client.ts';
import { GatewayHarness, PROVIDER, SCHEME } from '../test/gateway-harness.ts';
import { binOf } from '../test/tax-ids.ts';

let house: GatewayHarness;
let api: ApiClient;
let tenant: string;
let certificate: string;
const granted: string[] = [];
beforeAll(async () => {
  house = await GatewayHarness.start();
  ({ api, tenant } = await house.tenant());
  certificate = await house.certificate();
});
afterAll(() => house.close());

/** A tax id that this tenant may act for. */
async function taxId(): Promise<string> {
  granted.push(binOf(100 + granted.length));
  await house.grant(certificate, tenant, granted);
  return granted.at(-1) ?? '';
}

const connection = (more: object = {}) => ({ provider: PROVIDER.name, scheme: SCHEME, certificate, ...more });

function onboard(tax: string, more: object = {}, headers: Record<string, string> = {}): Promise<Reply> {
  return api.post(
    '/v1/organizations',
    { country: PROVIDER.country, tax_id: tax, name: 'Shops', connection: connection(), ...more },
    headers,
  );
}

const REFUSED: Failure = {
  code: 'trade_point_off',
  provider_code: '990000018',
  provider_message: 'Торговая точка отключена',
  cashier_key: 'desk_setup',
  admin_text: { ru: 'Включите точку', kk: 'Нүктені қосыңыз', en: 'Switch the trade point on' },
};

const POINTS = [
  { ref: '41', name: 'Абая, 10' },
  { ref: '42', name: 'Сатпаева, 1' },
];

function tellDevice(made: Reply, state: Partial<DeviceState>): void {
  const desk = made.string('/desk/id');
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
  const body: DeviceState = {
    subject_id: desk,
    connection_id: made.string('/connection/id'),
    seq: 1,
    op_id: null,
    observed_at: time,
    status: 'registered',
    failure: null,
    ...state,
  };
  house.tell(produce(deviceState, address, body));
}

const look = async (made: Reply) =>
  (await api.get(`/v1/connections/${made.string('/connection/id')}`)).at('/onboarding') as Record<string, unknown>;
const until = (made: Reply, status: string) =>
  waitFor(`onboarding ${status}`, async () => (await look(made))['status'] === status);
const registrations = (made: Reply, count: number) =>
  house.waitForCommands(deviceRegister.type, count, ({ subject }) => subject === made.at('/desk/id'));
const pointsOf = async (made: Reply) =>
  (await registrations(made, 1)).map((command) => deviceRegister.produce.parse(command.body).trade_point_ref);

describe('an organization that is onboarded by one call', () => {
  it('is made with its connection and first desk, and takes payments without another call', async () => {
    const tax = await taxId();
    const made = await onboard(tax, { desk: { id: 'first' } });
    expect(made).toMatchObject({
      status: 201,
      body: {
        object: 'organization',
        tax_id: tax,
        connection: {
          object: 'connection',
          status: 'verifying',
          onboarding: { status: 'verifying', desk: made.at('/desk/id'), reason: null },
        },
        desk: { object: 'desk', desk: 'first', trade_point: null, devices: [] },
      },
    });
    const id = made.string('/connection/id');
    await house.waitForCommands(connectionPut.type, 1, ({ subject }) => subject === id);
    await house.waitForCommands(connectionVerify.type, 1, ({ subject }) => subject === id);
    house.tellConnectionState(id, { trade_points: POINTS });
    await until(made, 'registering_device');
    expect(await pointsOf(made)).toEqual(['41']);
    tellDevice(made, { status: 'registered' });
    await until(made, 'ready');
    const desk = await api.get(`/v1/desks/${made.string('/desk/id')}`);
    const [point] = (await api.get(`/v1/organizations/${made.string('/id')}/trade_points`)).list();
    expect(desk).toMatchObject({ body: { trade_point: point?.['id'], devices: [{ status: 'registered' }] } });
    const paid = await api.post('/v1/payments', {
      organization: made.at('/id'),
      desk: 'first',
      amount: 149_000,
      currency: PROVIDER.currency,
      method: { type: PROVIDER.methods[0]?.type },
    });
    expect(paid).toMatchObject({ status: 201, body: { amount: 149_000, status: 'created' } });
  });

  it('names no desk: one named by the tax id is tried out', async () => {
    const tax = await taxId();
    expect(await onboard(tax)).toMatchObject({ status: 201, body: { desk: { desk: `${tax}-1` } } });
  });

  it('stands where its desk was wanted, by the provider’s own id', async () => {
    const made = await onboard(await taxId(), { desk: { id: 'second-point', trade_point: '42' } });
    house.tellConnectionState(made.string('/connection/id'), { trade_points: POINTS });
    expect(await pointsOf(made)).toEqual(['42']);
  });

  it('asks for its device once, however often the provider says that it is up', async () => {
    const made = await onboard(await taxId());
    for (const seq of [1, 2, 3]) {
      house.tellConnectionState(made.string('/connection/id'), { seq, trade_points: POINTS });
    }
    await until(made, 'registering_device');
    tellDevice(made, { status: 'failed', failure: REFUSED });
    await until(made, 'failed');
    house.tellConnectionState(made.string('/connection/id'), { seq: 4, trade_points: POINTS });
    const other = await onboard(await taxId());
    house.tellConnectionState(other.string('/connection/id'), { trade_points: POINTS });
    await until(other, 'registering_device');
    expect(await registrations(made, 1)).toHaveLength(1);
    expect(await look(made)).toMatchObject({ status: 'failed' });
  });

  it.each([
    ['refused', 'failed'],
    ['down', 'verifying'],
  ] as const)('that the provider answers with %s: %s, with what to do in three languages', async (health, status) => {
    const made = await onboard(await taxId());
    house.tellConnectionState(made.string('/connection/id'), { health, reason: REFUSED });
    await waitFor('the reason', async () => (await look(made))['reason'] !== null);
    expect(await look(made)).toEqual({
      status,
      desk: made.at('/desk/id'),
      reason: { code: 'trade_point_off', provider_code: '990000018', text: REFUSED.admin_text },
    });
    house.tellConnectionState(made.string('/connection/id'), { seq: 2, trade_points: POINTS });
    await until(made, 'registering_device');
    expect(await look(made)).toMatchObject({ reason: null });
  });

  it('whose device cannot be asked for yet goes on registering, says why in three languages, and gets ready by itself', async () => {
    const made = await onboard(await taxId());
    house.tellConnectionState(made.string('/connection/id'), { trade_points: POINTS });
    await until(made, 'registering_device');
    tellDevice(made, { status: 'pending', failure: REFUSED });
    await waitFor('the reason', async () => (await look(made))['reason'] !== null);
    expect(await look(made)).toMatchObject({ status: 'registering_device', reason: { text: REFUSED.admin_text } });
    tellDevice(made, { seq: 2, status: 'registered' });
    await until(made, 'ready');
    expect(await look(made)).toMatchObject({ reason: null });
  });

  it('whose device is refused says why, and tries again when somebody has the connection verified', async () => {
    const made = await onboard(await taxId());
    const id = made.string('/connection/id');
    house.tellConnectionState(id, { trade_points: POINTS });
    await registrations(made, 1);
    tellDevice(made, { status: 'failed', failure: REFUSED });
    await until(made, 'failed');
    expect(await look(made)).toMatchObject({
      reason: { code: 'trade_point_off', text: { en: 'Switch the trade point on' } },
    });
    expect(await api.post(`/v1/connections/${id}/verify`)).toMatchObject({
      body: { onboarding: { status: 'verifying' } },
    });
    house.tellConnectionState(id, { seq: 2, trade_points: POINTS });
    await registrations(made, 2);
    tellDevice(made, { seq: 2, status: 'registered' });
    await until(made, 'ready');
    expect(await look(made)).toMatchObject({ reason: null });
  });

  it.each([
    ['has no trade points', {}, [], 'no_trade_points'],
    ['does not have the wanted one', { desk: { id: 'lost', trade_point: '99' } }, POINTS, 'trade_point_unknown'],
  ])('that %s says so in three languages', async (_, more, points, code) => {
    const made = await onboard(await taxId(), more);
    house.tellConnectionState(made.string('/connection/id'), { trade_points: points });
    await until(made, 'failed');
    expect(await look(made)).toMatchObject({
      reason: { code, provider_code: null, text: { ru: expect.stringMatching(/[а-я]/), kk: expect.any(String) } },
    });
  });

  it('stays ready when the provider goes away later', async () => {
    const made = await onboard(await taxId());
    house.tellConnectionState(made.string('/connection/id'), { trade_points: POINTS });
    await until(made, 'registering_device');
    tellDevice(made, { status: 'registered' });
    await until(made, 'ready');
    house.tellConnectionState(made.string('/connection/id'), { seq: 2, health: 'down', reason: REFUSED });
    await waitFor(
      'down',
      async () => (await api.get(`/v1/connections/${made.string('/connection/id')}`)).at('/health') === 'down',
    );
    expect(await look(made)).toMatchObject({ status: 'ready', reason: null });
  });

  it('is made once, however often the call is repeated', async () => {
    const tax = await taxId();
    const headers = { 'idempotency-key': 'onboard-once' };
    const replies = await Promise.all([1, 2, 3].map(() => onboard(tax, { desk: { id: 'once' } }, headers)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
    for (const reply of replies) expect(reply.body).toEqual(replies[0]?.body);
    const puts = await house.waitForCommands(
      connectionPut.type,
      1,
      ({ subject }) => subject === replies[0]?.at('/connection/id'),
    );
    expect(puts).toHaveLength(1);
  });

  it.each([
    ['a tax id that is not granted', {}, 403, 'tax_id_not_granted'],
    [
      'a scheme that does not exist',
      { connection: { provider: PROVIDER.name, scheme: 'r9' } },
      422,
      'scheme_not_available',
    ],
    ['a provider of another country', { country: 'RU', tax_id: '7707083893' }, 422, 'provider_country_mismatch'],
    [
      'an unknown field of the connection',
      { connection: { provider: PROVIDER.name, scheme: SCHEME, key: 'x' } },
      400,
      'invalid_request',
    ],
  ])('leaves nothing behind where it is refused: %s', async (_, more, status, code) => {
    const before = await house.rows(
      'SELECT (SELECT count(*) FROM organization) AS o, (SELECT count(*) FROM desk) AS d',
    );
    expect(await onboard(binOf(99), more)).toMatchObject({ status, body: { code } });
    expect(
      await house.rows('SELECT (SELECT count(*) FROM organization) AS o, (SELECT count(*) FROM desk) AS d'),
    ).toEqual(before);
  });

  it('names the organization or the desk that is there already', async () => {
    const [one, two] = [await taxId(), await taxId()];
    const made = await onboard(one, { desk: { id: 'taken' } });
    expect(await onboard(one)).toMatchObject({ status: 409, body: { organization: { id: made.at('/id') } } });
    expect(await onboard(two, { desk: { id: 'taken' } })).toMatchObject({
      status: 409,
      body: { code: 'desk_exists', desk: { id: made.at('/desk/id') } },
    });
    expect(await onboard(two, { desk: { id: 'free' } })).toMatchObject({ status: 201 });
  });

  it('without a connection is what it always was', async () => {
    const plain = await api.post('/v1/organizations', { country: 'KZ', tax_id: await taxId(), name: 'Plain' });
    expect(plain).toMatchObject({ status: 201 });
    expect(plain.body).not.toHaveProperty('connection');
    const alone = await api.post(`/v1/organizations/${plain.string('/id')}/connections`, connection());
    expect(alone).toMatchObject({ status: 201, body: { onboarding: null } });
  });
});
