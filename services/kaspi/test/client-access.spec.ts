import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Egress } from '@tolem/egress';
import type { DevicePair } from '../src/client/call-arguments.ts';
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
const PHONE = '77071234567';

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

  describe.each([
    ['a token with another organization’s BIN', (pair: DevicePair) => ({ ...pair, bin: OTHER_BIN })],
    ['a BIN with another organization’s token', (_pair: DevicePair, another: DevicePair) => ({ ...another, bin: BIN })],
  ])('%s', (_what, pairOf) => {
    let own: DevicePair;
    let others: DevicePair;
    let wrong: DevicePair;
    let purchase: string;
    let invoice: string;
    beforeAll(async () => {
      own = await device();
      others = await device(OTHER_BIN);
      wrong = pairOf(own, others);
      purchase = dataOf(await kaspi.createQr(at, { device: own, amountMinor: AMOUNT_MINOR })).qrPaymentId;
      for (const step of ['scan', 'confirm'] as const) await bank.buyer(purchase, step);
      const sent = { device: own, amountMinor: AMOUNT_MINOR, phoneNumber: PHONE };
      invoice = dataOf(await kaspi.createRemote(at, sent)).qrPaymentId;
    });

    const CALLS: readonly (readonly [string, () => Promise<KaspiAnswer<unknown>>])[] = [
      ['qr/create', () => kaspi.createQr(at, { device: wrong, amountMinor: AMOUNT_MINOR })],
      ['qr/create-link', () => kaspi.createLink(at, { device: wrong, amountMinor: AMOUNT_MINOR })],
      ['payment/return', () => kaspi.returnPayment(at, { device: wrong, qrPaymentId: purchase, amountMinor: 100 })],
      ['remote/create', () => kaspi.createRemote(at, { device: wrong, amountMinor: 100, phoneNumber: PHONE })],
      ['remote/cancel', () => kaspi.cancelRemote(at, { device: wrong, qrPaymentId: invoice })],
      ['device/delete', () => kaspi.deleteDevice(at, wrong)],
    ];

    it.each(CALLS)('%s is refused and leaves no trace', async (_call, call) => {
      const before = JSON.stringify(bank.sandbox.ledger().map(({ id, status }) => [id, status]));
      expect(await call()).toMatchObject({ is: 'refused', code: { statusCode: '-1501', registerDeviceAgain: true } });
      expect(JSON.stringify(bank.sandbox.ledger().map(({ id, status }) => [id, status]))).toBe(before);
      expect(dataOf(await kaspi.paymentDetails(at, { device: own, qrPaymentId: purchase }))).toMatchObject({
        availableReturnAmountMinor: AMOUNT_MINOR,
      });
    });

    it('both devices serve their own organizations as before', async () => {
      for (const pair of [own, others]) {
        expect(await kaspi.createQr(at, { device: pair, amountMinor: 100 })).toMatchObject({ is: 'ok' });
      }
    });
  });

  it('payment/details names no organization: another one’s token does not see the purchase', async () => {
    const { qrPaymentId } = dataOf(await kaspi.createQr(at, { device: await device(), amountMinor: AMOUNT_MINOR }));
    for (const step of ['scan', 'confirm'] as const) await bank.buyer(qrPaymentId, step);
    expect(await kaspi.paymentDetails(at, { device: await device(OTHER_BIN), qrPaymentId })).toMatchObject({
      is: 'refused',
      code: { statusCode: '-1601' },
    });
    expect(await kaspi.paymentDetails(at, { device: await device(), qrPaymentId })).toMatchObject({ is: 'ok' });
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
