import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Egress } from '@tolem/egress';
import type { KaspiAnswer } from '../src/client/kaspi-answer.ts';
import { KaspiClient, type KaspiEndpoint } from '../src/client/kaspi.client.ts';
import { verifyOutcome } from '../src/connections/verify-kaspi.ts';
import {
  BIN,
  BIN_WITHOUT_TRADE_POINTS,
  type CertificateName,
  NOT_REGISTERED_BIN,
  OTHER_BIN,
  RunningBank,
  THIRD_BIN,
} from './running-bank.ts';

const AMOUNT_MINOR = 149_050;

/** The real client over the real way out, with the simulated bank at the other end. */
const egress = new Egress();
let requests = 0;
const kaspi = new KaspiClient({ egress, requestId: () => `request-${(requests += 1)}` });
let bank: RunningBank;
let at: KaspiEndpoint;

beforeAll(async () => {
  bank = await RunningBank.start();
  at = { scheme: 'r3', baseUrl: bank.url, credential: bank.credential() };
});
afterAll(async () => {
  await egress.close();
  await bank.close();
  expect(bank.problems).toEqual([]);
});

function dataOf<T>(answer: KaspiAnswer<T>): T {
  if (answer.is !== 'ok') throw new Error(`the bank did not answer: ${JSON.stringify(answer)}`);
  return answer.data;
}

/** A device at the first trade point of an organization. */
async function device(bin = BIN) {
  const [point] = dataOf(await kaspi.tradePoints(at, bin));
  const tradePointId = point?.tradePointId ?? '';
  const registered = await kaspi.registerDevice(at, { bin, deviceId: 'desk-01', tradePointId });
  return { bin, deviceToken: dataOf(registered).deviceToken };
}

describe('one certificate, many organizations', () => {
  it('serves three BINs at once, each with its own devices and purchases', async () => {
    const qrs = await Promise.all(
      [BIN, OTHER_BIN, THIRD_BIN].map(async (bin) => {
        const pair = await device(bin);
        return { bin, qr: dataOf(await kaspi.createQr(at, { device: pair, amountMinor: AMOUNT_MINOR })) };
      }),
    );
    for (const { bin, qr } of qrs) expect(bank.row(qr.qrPaymentId)?.tax_id).toBe(bin);
    expect(new Set(qrs.map(({ qr }) => qr.qrPaymentId)).size).toBe(3);
  });

  it('a token with another organization’s BIN is refused everywhere and makes nothing', async () => {
    const { deviceToken } = await device();
    const wrong = { bin: OTHER_BIN, deviceToken };
    const rowsBefore = bank.sandbox.ledger().length;
    const qr = await kaspi.createQr(at, { device: wrong, amountMinor: AMOUNT_MINOR });
    expect(qr).toMatchObject({ is: 'refused', code: { statusCode: '-1501' } });
    expect(await kaspi.deleteDevice(at, wrong)).toMatchObject({ is: 'refused', code: { statusCode: '-1501' } });
    expect(bank.sandbox.ledger()).toHaveLength(rowsBefore);
  });

  it.each([
    [NOT_REGISTERED_BIN, '-99000002'],
    [BIN_WITHOUT_TRADE_POINTS, '-14000002'],
  ])('%s is told apart by %s', async (bin, statusCode) => {
    const answer = await kaspi.tradePoints(at, bin);
    expect(answer).toMatchObject({ is: 'refused', code: { statusCode, class: 'setup' } });
    expect(verifyOutcome(answer)).toMatchObject({ is: 'refused', failure: { provider_code: statusCode } });
  });
});

describe('certificates', () => {
  async function verify(endpoint: KaspiEndpoint) {
    return verifyOutcome(await kaspi.tradePoints(endpoint, BIN));
  }

  /** The bank cuts the handshake without a word: once is no answer, and a row of them is a refusal. */
  const CUT = { is: 'down', lasting: { code: 'certificate_refused', cashier_key: 'desk_setup' } };

  it.each<CertificateName>(['foreign', 'expired'])('a %s certificate is refused when that lasts', async (name) => {
    expect(await verify({ scheme: 'r3', baseUrl: bank.url, credential: bank.credential(name) })).toMatchObject(CUT);
  });

  it('no certificate at all is refused as such', async () => {
    expect(await verify({ scheme: 'r3', baseUrl: bank.url, caPem: bank.caPem })).toMatchObject({
      is: 'refused',
      failure: { code: 'certificate_refused' },
    });
  });

  it('a key that cannot be read is refused before anything is sent', async () => {
    const broken = { ...bank.credential(), id: 'crt_broken', privateKeyPem: 'no key' };
    expect(await verify({ scheme: 'r3', baseUrl: bank.url, credential: broken })).toMatchObject({
      is: 'refused',
      failure: { code: 'certificate_refused' },
    });
  });

  it('an address that is not on the bank’s list is refused, and the partner’s own is served', async () => {
    const strict = await RunningBank.start({ allowedAddresses: ['203.0.113.7'] });
    try {
      const endpoint = { scheme: 'r3', baseUrl: strict.url, credential: { ...strict.credential(), id: 'crt_strict' } };
      expect(await verify(endpoint)).toMatchObject(CUT);
    } finally {
      await strict.close();
    }
    expect(await verify(at)).toMatchObject({ is: 'up' });
  });

  it('a bank that is not there is down, which is nobody’s mistake', async () => {
    const gone = await RunningBank.start();
    const endpoint = { scheme: 'r3', baseUrl: gone.url, credential: { ...gone.credential(), id: 'crt_gone' } };
    await gone.close();
    expect(await verify(endpoint)).toMatchObject({ is: 'down', failure: { code: 'provider_unavailable' } });
  });
});
