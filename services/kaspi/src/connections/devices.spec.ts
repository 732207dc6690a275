import { describe, expect, it } from '@jest/globals';
import type { EgressOutcome, EgressRequest } from '@tolem/egress';
import type { Call } from '@tolem/provider-kit';
import { CODES, lost, LOST_REASONS, notSent, notSentReasons, ok, refused } from '../../test/bank-answers.ts';
import { KaspiClient } from '../client/kaspi.client.ts';
import { kaspiDevices, registerOutcome } from './devices.ts';

const BIN = '180340021791';
const TOKEN = '7f0c1d7e-1111-4222-8333-944445555666';
const CALL: Call = {
  access: {
    connectionId: 'con_1',
    version: 1,
    mode: 'test',
    baseUrl: 'https://bank.example:8545',
    scheme: 'r3',
    enabled: true,
    taxId: BIN,
    options: {},
    credential: undefined,
  },
  requestId: 'request-1',
  mayWrite: () => true,
};

function devices(body: string, status = 200) {
  const requests: EgressRequest[] = [];
  const request = (asked: EgressRequest): Promise<EgressOutcome> => {
    requests.push(asked);
    return Promise.resolve({ kind: 'answered', status, headers: {}, body, ms: 1 });
  };
  return { devices: kaspiDevices(new KaspiClient({ egress: { request }, requestId: () => 'drawn' })), requests };
}
const coded = (code: string): string => `{"StatusCode":${code}}`;

describe('registering the device behind a desk', () => {
  it('names it by desk and trade point, so that a desk that moves gets another device', async () => {
    const { devices: kaspi, requests } = devices(`{"StatusCode":0,"Data":{"DeviceToken":"${TOKEN}"}}`);
    const outcome = await kaspi.register(CALL, { deskId: 'dsk_06dz', tradePointRef: '41' });
    expect(outcome).toEqual({ is: 'registered', token: TOKEN });
    expect(requests.map((request) => request.body)).toEqual([
      `{"OrganizationBin":"${BIN}","DeviceId":"dsk_06dz-41","TradePointId":41}`,
    ]);
  });

  it('success is the token', () => {
    expect(registerOutcome(ok({ deviceToken: TOKEN }))).toEqual({ is: 'registered', token: TOKEN });
  });

  it.each([...CODES.device, ...CODES.setUp, ...CODES.request, ...CODES.unlisted])('%s is a refusal', (code) => {
    expect(registerOutcome(refused(code))).toMatchObject({ is: 'refused', failure: { provider_code: code } });
  });

  it.each(CODES.temporary)('%s is asked again later', (code) => {
    expect(registerOutcome(refused(code))).toMatchObject({ is: 'unreachable', failure: { provider_code: code } });
  });

  it.each(CODES.temporary)('%s tells an administrator in three languages to wait, and nothing of refunds', (code) => {
    const outcome = registerOutcome(refused(code));
    expect(outcome).toMatchObject({ failure: { code: 'service_unavailable', provider_code: code } });
    const { ru = '', kk = '', en = '' } = outcome.is === 'registered' ? {} : (outcome.failure.admin_text ?? {});
    expect([ru, kk, en].map((text) => text.length > 0)).toEqual([true, true, true]);
    expect(en).toContain('Wait a few minutes');
    expect(ru + en).not.toMatch(/возврат|refund/i);
  });

  it.each(LOST_REASONS)(
    'an answer lost by %s is asked again later: the same arguments give the same token',
    (reason) => {
      expect(registerOutcome(lost(reason))).toMatchObject({ is: 'unreachable' });
    },
  );

  it.each(notSentReasons('way', 'certificate'))('not sent by %s is asked again later', (reason) => {
    expect(registerOutcome(notSent(reason))).toMatchObject({ is: 'unreachable' });
  });

  it.each(notSentReasons('set_up'))('not sent by %s is a refusal', (reason) => {
    expect(registerOutcome(notSent(reason))).toMatchObject({ is: 'refused', failure: { cashier_key: 'desk_setup' } });
  });

  it('a trade point that is none of the bank’s is refused and nothing is sent', async () => {
    const { devices: kaspi, requests } = devices('');
    const outcome = await kaspi.register(CALL, { deskId: 'dsk_1', tradePointRef: 'main street' });
    expect(outcome).toMatchObject({ is: 'refused', failure: { code: 'connection_misconfigured' } });
    expect(requests).toHaveLength(0);
  });
});

describe('deleting the device behind a desk', () => {
  it('sends the token with the BIN that it was made for', async () => {
    const { devices: kaspi, requests } = devices(coded('0'));
    expect(await kaspi.delete(CALL, { token: TOKEN })).toEqual({ is: 'deleted' });
    expect(requests[0]?.body).toBe(`{"OrganizationBin":"${BIN}","DeviceToken":"${TOKEN}"}`);
  });

  it.each(CODES.device)('%s: a device that the bank does not know is as good as deleted', async (code) => {
    expect(await devices(coded(code)).devices.delete(CALL, { token: TOKEN })).toEqual({ is: 'deleted' });
  });

  it.each(CODES.temporary)('%s is asked again later', async (code) => {
    expect(await devices(coded(code)).devices.delete(CALL, { token: TOKEN })).toMatchObject({ is: 'unreachable' });
  });

  it.each([...CODES.setUp, ...CODES.request, ...CODES.unlisted])('%s is a refusal', async (code) => {
    expect(await devices(coded(code)).devices.delete(CALL, { token: TOKEN })).toMatchObject({ is: 'refused' });
  });

  it('an answer that cannot be read is asked again later', async () => {
    expect(await devices('<html>', 503).devices.delete(CALL, { token: TOKEN })).toMatchObject({ is: 'unreachable' });
  });
});
