import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BIN, OTHER_BIN, RunningBank } from './running-bank.ts';
import type { CallOptions } from './running-bank.ts';

/** The StatusCode lists of the document, method by method (Kaspi QR v3.9 §2 to §5; kaspi-qr.md §5 to §8, §12). */
const LISTED: Record<string, readonly number[]> = {
  'partner/tradepoints': [0, -999, -10000, -14000002],
  'device/register': [0, -999, -10000, -1503, -99000002, 990000026],
  'device/delete': [0, -999, -10000, -1501],
  'qr/create': [0, -999, -10000, -1501, -1502, -99000002, 990000018, 990000026, 990000028, 990000033],
  'qr/create-link': [0, -999, -10000, -1501, -1502, -99000002, 990000018, 990000026, 990000028, 990000033],
  'payment/status': [0, -999, -10000, -1601],
  'return/create': [0, -999, -10000, -1501, -1502, -99000002, 990000018],
  'return/status': [0, -999, -10000, -1601],
  'return/operations': [0, -999, -10000, -1601],
  'remote/client-info': [0, -999, -1401, -1404, -1501, -99000002, 990000018, 990000029, 990000031, 990000032],
  'remote/create': [0, -999, -1401, -1404, -1501, -99000002, 99000010, 990000018, 990000028, 990000032],
  'remote/cancel': [0, -999, -1401, -1404, -1501, -99000001, -99000002, 990000018],
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
          await note('qr/create-link', '/qr/create-link', { body: { DeviceToken, Amount, OrganizationBin: bin } });
          for (const PhoneNumber of ['77011234567', '77011230000', '1']) {
            const body = { DeviceToken, Amount, OrganizationBin: bin, PhoneNumber };
            await note('remote/create', '/remote/create', { body });
          }
          for (const QrPaymentId of ids) {
            const body = { DeviceToken, QrPaymentId, Amount, OrganizationBin: bin };
            await note('payment/return', '/payment/return', { body });
          }
        }
      }
    }
    await tryInvoices(tokens, bins, ids);
    await tryRefundsWithBuyer();
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

  async function tryInvoices(tokens: string[], bins: string[], ids: (number | string)[]): Promise<void> {
    const invoices = bank.sandbox.ledger().filter((row) => row.kind === 'invoice');
    for (const DeviceToken of tokens) {
      for (const phone of ['87011234567', '77011230000', 'x']) {
        const query = `PhoneNumber=${phone}&DeviceToken=${DeviceToken}`;
        await note('remote/client-info', `/remote/client-info?${query}`);
      }
      for (const bin of bins) {
        for (const QrPaymentId of [...ids, ...invoices.slice(0, 2).map((row) => row.id)]) {
          const body = { OrganizationBin: bin, QrPaymentId, DeviceToken };
          await note('remote/cancel', '/remote/cancel', { body });
        }
      }
    }
  }

  /** In scheme 2, whose organization is that of the certificate. */
  async function tryRefundsWithBuyer(): Promise<void> {
    const scheme = 'r2' as const;
    const token = await bank.registerOwn(scheme, 'desk-11');
    const deleted = await bank.registerOwn(scheme, 'desk-12');
    await bank.envelope('/v01/device/delete', { scheme, body: { DeviceToken: deleted } });
    const codes: (number | string)[] = [1, '99999999999'];
    for (const DeviceToken of [token, token, deleted, 'unknown']) {
      await note('return/create', '/return/create', { scheme, body: { DeviceToken } });
    }
    for (const row of bank.sandbox.ledger().filter(({ kind }) => kind === 'refund_code')) codes.push(row.id);
    await bank.control('POST', `/kaspi/returns/${codes.at(-1) ?? ''}/scan`);
    const paid = bank.sandbox.ledger().filter((row) => row.status === 'Processed' && row.kind === 'payment');
    for (const QrReturnId of codes) {
      await note('return/status', `/return/status/${QrReturnId}`, { scheme });
      for (const DeviceToken of [token, deleted, 'unknown']) {
        await note('return/operations', '/return/operations', { scheme, body: { DeviceToken, QrReturnId } });
        for (const QrPaymentId of [paid[0]?.id, 1]) {
          const body = { DeviceToken, QrPaymentId, QrReturnId, Amount: 1 };
          await note('payment/return', '/payment/return', { scheme, body });
        }
      }
    }
    for (const scheme1 of ['r1', 'r2'] as const) {
      await note('partner/tradepoints', '/partner/tradepoints', { scheme: scheme1 });
    }
    await note('partner/tradepoints', '/partner/tradepoints', { scheme: 'r1', headers: { 'api-key': 'x' } });
  }

  async function note(method: string, path: string, options: CallOptions = {}): Promise<void> {
    const { StatusCode } = await bank.envelope(`/v01${path}`, options);
    const codes = seen.get(method) ?? new Set();
    seen.set(method, codes.add(StatusCode));
  }
});
