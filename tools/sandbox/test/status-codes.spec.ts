import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BIN, OTHER_BIN, RunningBank } from './running-bank.ts';
import type { CallOptions } from './running-bank.ts';

/** The StatusCode lists of the document, method by method (Kaspi QR v3.9 §4.1-4.7.5, §5.1-5.5; kaspi-qr.md §5-§7, §12). */
const LISTED: Record<string, readonly number[]> = {
  'partner/tradepoints': [0, -999, -10000, -14000002],
  'device/register': [0, -999, -10000, -1503, -99000002, 990000026],
  'device/delete': [0, -999, -10000, -1501],
  'qr/create': [0, -999, -10000, -1501, -1502, -99000002, 990000018, 990000026, 990000028, 990000033],
  'payment/status': [0, -999, -10000, -1601],
  'payment/details': [0, -999, -10000, -1601],
  'payment/return': [
    0, -999, -10000, -1501, -1502, -1601, -99000001, -99000002, -99000003, -99000005, -99000006, -99000011, -99000020,
    990000018,
  ],
  'health/ping': [0, -999, -10000],
  'test/payment/scan': [0, -999, -10000],
  'test/payment/confirm': [0, -999, -10000],
  'test/payment/scanerror': [0, -999, -10000],
  'test/payment/confirmerror': [0, -999, -10000],
};

/** ASSUMPTION: the one code beyond the lists, for an organization that is not registered. */
const BEYOND_THE_LIST: Record<string, readonly number[]> = { 'partner/tradepoints': [-99000002] };

describe('the StatusCodes of each method', () => {
  let bank: RunningBank;
  const seen = new Map<string, Set<number>>();

  beforeAll(async () => {
    bank = await RunningBank.start();
    await tryEverything();
  });
  afterAll(() => bank.remove());

  it.each(Object.keys(LISTED))('%s answers listed codes only', (method) => {
    const codes = [...(seen.get(method) ?? [])];
    const allowed = [...(LISTED[method] ?? []), ...(BEYOND_THE_LIST[method] ?? [])];
    expect(codes.filter((code) => !allowed.includes(code))).toEqual([]);
    expect(codes).toContain(0);
    if (method !== 'health/ping') expect(codes.length).toBeGreaterThan(1);
  });

  it('had no trouble of its own while answering', () => {
    expect(bank.problems).toEqual([]);
  });

  /** Every method with every combination of good and bad values that the rules know. */
  async function tryEverything(): Promise<void> {
    const token = await bank.register('desk-01');
    const otherPoint = await bank.register('desk-02', BIN, 1);
    const deleted = await bank.register('desk-03');
    await bank.envelope('/v01/device/delete', { body: { DeviceToken: deleted, OrganizationBin: BIN } });
    const foreign = await bank.register('desk-01', OTHER_BIN);
    const points = await bank.tradePointIds();
    const bins = [BIN, OTHER_BIN, '260141000010', '260252000034', '123456789012', 'x'];
    const tokens = [token, otherPoint, deleted, foreign, 'unknown'];
    const amounts = [10, 0, -1, 0.001, 1e30, 'x', 1_000_006];
    const paid = await bank.created(token, 100);
    bank.clock.advance(1500);
    expect(await bank.status(paid)).toBe('Processed');
    const ids = [paid, await bank.created(token, 1_000_002), 1, '99999999999999999999'.slice(0, 19)];

    for (const bin of bins) await note('partner/tradepoints', `/partner/tradepoints/${bin}`);
    for (const bin of bins) {
      for (const tradePointId of [...points, 7]) {
        for (const deviceId of ['desk-01', 'desk-02', 'desk-09', 'касса']) {
          const body = { DeviceId: deviceId, TradePointId: tradePointId, OrganizationBin: bin };
          await note('device/register', '/device/register', { body });
        }
      }
      for (const DeviceToken of tokens) {
        for (const Amount of amounts) {
          await note('qr/create', '/qr/create', { body: { DeviceToken, Amount, OrganizationBin: bin } });
          for (const QrPaymentId of ids) {
            const body = { DeviceToken, QrPaymentId, Amount, OrganizationBin: bin };
            await note('payment/return', '/payment/return', { body });
          }
        }
      }
    }
    for (const id of [...ids, 'abc']) {
      await note('payment/status', `/payment/status/${id}`);
      for (const one of tokens) await note('payment/details', `/payment/details?QrPaymentId=${id}&DeviceToken=${one}`);
      for (const step of ['confirm', 'confirmerror', 'scan', 'scan', 'confirm', 'confirm', 'scanerror']) {
        if (id !== 'abc') await note(`test/payment/${step}`, `/test/payment/${step}`, { body: { qrPaymentId: id } });
      }
    }
    const [second, third] = [await bank.created(token, 1_000_002), await bank.created(token, 1_000_002)];
    await note('test/payment/scan', '/test/payment/scan', { body: { qrPaymentId: second } });
    await note('test/payment/confirmerror', '/test/payment/confirmerror', { body: { qrPaymentId: second } });
    await note('test/payment/scanerror', '/test/payment/scanerror', { body: { qrPaymentId: third } });
    await note('health/ping', '/health/ping');
    for (const DeviceToken of tokens) {
      for (const bin of bins) {
        await note('device/delete', '/device/delete', { body: { DeviceToken, OrganizationBin: bin } });
      }
    }
  }

  async function note(method: string, path: string, options: CallOptions = {}): Promise<void> {
    const { StatusCode } = await bank.envelope(`/v01${path}`, options);
    const codes = seen.get(method) ?? new Set();
    seen.set(method, codes.add(StatusCode));
  }
});
