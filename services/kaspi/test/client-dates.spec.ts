import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@tolem/domain';
import { Egress } from '@tolem/egress';
import type { KaspiAnswer } from '../src/client/kaspi-answer.ts';
import { KaspiClient, type KaspiEndpoint } from '../src/client/kaspi.client.ts';
import { BIN, RunningBank } from './running-bank.ts';

/** Minutes, days and the offset differ, so that one taken for another is seen. */
const clock = new ManualClock(Date.UTC(2026, 1, 8, 19, 30, 59, 250));
const QR_LIFE_MS = 30_000;
/** Not every form carries fractions of a second. */
const SECOND_MS = 1_000;
/** As the bank writes them when nobody has asked for a form, and every form in circulation. */
const FORMS = ['usual', 'full_dates', 'short_dates', 'naive_dates', 'one_digit_day'];

describe.each(FORMS)('dates of the bank over the wire: %s', (form) => {
  const egress = new Egress();
  const kaspi = new KaspiClient({ egress, requestId: () => 'request' });
  let bank: RunningBank;
  let at: KaspiEndpoint;
  let device: { readonly bin: string; readonly deviceToken: string };

  beforeAll(async () => {
    bank = await RunningBank.start({ clock });
    await bank.autopilot(null);
    at = { scheme: 'r2', baseUrl: bank.urlOf('r2'), credential: bank.credential('organization') };
    const [point] = dataOf(await kaspi.tradePoints(at, BIN));
    const registering = { bin: BIN, deviceId: 'desk-01', tradePointId: point?.tradePointId ?? '' };
    device = { bin: BIN, deviceToken: dataOf(await kaspi.registerDevice(at, registering)).deviceToken };
    if (form !== 'usual') await bank.fault('*', form, { times: null });
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
  /** The same moment but for what the form has no room for. */
  function expectMoment(readMs: number | null, reallyMs: number): void {
    expect(readMs).not.toBeNull();
    expect(Math.abs((readMs ?? 0) - reallyMs)).toBeLessThan(SECOND_MS);
  }

  it.each<[string, () => Promise<number | null>]>([
    ['qr/create', async () => dataOf(await kaspi.createQr(at, { device, amountMinor: 100 })).expiresAtMs],
    ['qr/create-link', async () => dataOf(await kaspi.createLink(at, { device, amountMinor: 100 })).expiresAtMs],
    ['return/create', async () => dataOf(await kaspi.createReturn(at, { device })).expiresAtMs],
  ])('%s: until when the code lives', async (_call, expiresAtMs) => {
    expectMoment(await expiresAtMs(), clock.now() + QR_LIFE_MS);
  });

  it('payment/details and return/operations: when the purchase was paid', async () => {
    const { qrPaymentId } = dataOf(await kaspi.createQr(at, { device, amountMinor: 100 }));
    for (const step of ['scan', 'confirm'] as const) await bank.buyer(qrPaymentId, step);
    const paidAtMs = clock.now();
    const { qrReturnId } = dataOf(await kaspi.createReturn(at, { device }));
    await bank.scanRefund(qrReturnId);
    clock.advance(10_000);
    expectMoment(dataOf(await kaspi.paymentDetails(at, { device, qrPaymentId })).transactionAtMs, paidAtMs);
    const operations = dataOf(await kaspi.returnOperations(at, { device, qrReturnId, maxResult: 10 }));
    const listed = operations.find((operation) => operation.qrPaymentId === qrPaymentId);
    expectMoment(listed?.transactionAtMs ?? null, paidAtMs);
  });
});
