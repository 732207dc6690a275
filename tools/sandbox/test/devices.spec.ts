import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BIN, OTHER_BIN, RunningBank } from './running-bank.ts';

const NOT_REGISTERED = { StatusCode: -99000002, Message: 'Организация не зарегистрирована в Kaspi Pay' };

describe('organizations, trade points and devices', () => {
  let bank: RunningBank;

  beforeAll(async () => {
    bank = await RunningBank.start();
  });
  afterAll(() => bank.remove());
  beforeEach(() => bank.control('POST', '/reset'));

  const register = (
    deviceId: unknown,
    tradePointId: unknown,
    bin: unknown = BIN,
  ): ReturnType<RunningBank['envelope']> =>
    bank.envelope('/v01/device/register', {
      body: { DeviceId: deviceId, TradePointId: tradePointId, OrganizationBin: bin },
    });
  const remove = async (token: string, bin = BIN): Promise<number> =>
    (await bank.envelope('/v01/device/delete', { body: { DeviceToken: token, OrganizationBin: bin } })).StatusCode;
  const createCode = async (token: string, bin = BIN): Promise<number> => {
    const outcome = await bank.create(token, 10, 'S-1', bin);
    return (JSON.parse(outcome.kind === 'answered' ? outcome.text : '') as { StatusCode: number }).StatusCode;
  };

  it('gives every organization with a right control digit its own three trade points, always the same', async () => {
    const points = (await bank.envelope(`/v01/partner/tradepoints/${BIN}`)).Data as { TradePointName: string }[];
    expect(points).toHaveLength(3);
    for (const point of points) expect(point.TradePointName).toMatch(/^[А-Яа-яӘә «»]+ \(.+, .+\)$/);
    expect((await bank.envelope(`/v01/partner/tradepoints/${BIN}/`)).Data).toEqual(points);
    const own = await bank.tradePointIds();
    expect(await bank.tradePointIds(OTHER_BIN)).not.toEqual(own);
    await bank.stop();
    await bank.open();
    expect(await bank.tradePointIds()).toEqual(own);
  });

  it('knows no organization with a wrong control digit, nor 260141000010', async () => {
    for (const bin of ['260360000052', '260141000010', '12345', '000000000000']) {
      expect(await bank.envelope(`/v01/partner/tradepoints/${bin}`)).toMatchObject(NOT_REGISTERED);
      expect(await register('desk-01', 41, bin)).toMatchObject(NOT_REGISTERED);
      expect(await createCode('7f0c1d7e-1111-4222-8333-944445555666', bin)).toBe(-99000002);
    }
  });

  it('has no trade points for 260252000034', async () => {
    expect((await bank.envelope('/v01/partner/tradepoints/260252000034')).StatusCode).toBe(-14000002);
  });

  it('gives the same token for the same arguments, in any casing and with numbers as texts', async () => {
    const [point] = await bank.tradePointIds();
    const first = await register('desk-01', point);
    expect((first.Data as { DeviceToken: string }).DeviceToken).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect((await register('desk-01', String(point))).Data).toEqual(first.Data);
    const body = { deviceid: 'desk-01', TRADEPOINTID: point, organizationBin: BIN };
    expect((await bank.envelope('/v01/device/register/', { body })).Data).toEqual(first.Data);
    expect((await register('desk-02', point)).Data).not.toEqual(first.Data);
  });

  it('refuses a device that stands in another trade point, a strange trade point and bad characters', async () => {
    const [first, second] = await bank.tradePointIds();
    await register('desk-01', first);
    expect((await register('desk-01', second)).StatusCode).toBe(-1503);
    expect((await register('desk-02', 41)).StatusCode).toBe(-99000002);
    expect((await register('касса 1', first)).StatusCode).toBe(-99000002);
  });

  it('refuses a token that is unknown, of another organization, or deleted; a deleted device may come back', async () => {
    const token = await bank.register();
    const foreign = await bank.register('desk-01', OTHER_BIN);
    expect(await createCode('7f0c1d7e-1111-4222-8333-944445555666')).toBe(-1501);
    expect(await createCode(foreign)).toBe(-1501);
    expect(await remove(foreign)).toBe(-1501);
    expect(await remove(token)).toBe(0);
    expect(await createCode(token)).toBe(-1502);
    expect(await remove(token)).toBe(-1501);
    const again = await bank.register();
    expect(again).not.toBe(token);
    expect(await createCode(again)).toBe(0);
    expect(await createCode(token)).toBe(-1502);
  });

  it('answers a request that cannot be read with HTTP 400 and a lower-case message', async () => {
    const path = '/v01/device/register';
    const complete = { DeviceId: 'a', TradePointId: 41, OrganizationBin: BIN };
    for (const options of [
      { rawBody: '{"DeviceId": ' },
      { body: [1] },
      { body: { DeviceId: 'a', TradePointId: 41 } },
      { body: { ...complete, TradePointId: 'x' } },
      { body: { ...complete, deviceid: 'twice' } },
      { body: { ...complete, Colour: 'red' } },
      { body: complete, contentType: 'text/plain' },
    ]) {
      const answer = await bank.answer(path, options);
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toEqual({ message: expect.any(String) });
    }
  });

  it('answers an unknown path, a wrong verb and an endless body with a page', async () => {
    const page = 'text/html; charset=utf-8';
    for (const path of ['/v01/nothing', '/v02/qr/create', '/v03/payment/status/1', '/v01/payment/status']) {
      expect(await bank.answer(path)).toMatchObject({ status: 404, type: page });
    }
    expect(await bank.answer('/v01/qr/create')).toMatchObject({ status: 405, type: page });
    const long = await bank.call('/v01/device/register', {
      rawBody: JSON.stringify({ DeviceId: 'x'.repeat(300_000) }),
    });
    expect(long.kind === 'cut' || long.status === 413).toBe(true);
  });
});
