import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BIN, OTHER_BIN, RunningBank } from './running-bank.ts';
import type { Envelope } from './running-bank.ts';

const PHONE = '77011234567';
const LIFE_MS = 600_000;

describe('invoices to a phone, scheme 3', () => {
  let bank: RunningBank;
  let token: string;

  beforeAll(async () => {
    bank = await RunningBank.start();
  });
  afterAll(() => bank.remove());
  beforeEach(async () => {
    await bank.control('POST', '/reset');
    token = await bank.register();
  });

  const info = (phone: string, asking = token): Promise<Envelope> =>
    bank.envelope(`/v01/remote/client-info?phoneNumber=${phone}&deviceToken=${asking}`);
  const create = (change: Record<string, unknown> = {}): Promise<Envelope> =>
    bank.envelope('/v01/remote/create', {
      body: { OrganizationBin: BIN, Amount: 1490, PhoneNumber: PHONE, DeviceToken: token, ...change },
    });
  const sent = async (change: Record<string, unknown> = {}): Promise<number> =>
    ((await create(change)).Data as { QrPaymentId: number }).QrPaymentId;
  const cancel = (id: number, bin = BIN, asking = token): Promise<Envelope> =>
    bank.envelope('/v01/remote/cancel', {
      body: { OrganizationBin: bin, QrPaymentId: id, DeviceToken: asking },
    });
  const health = async (): Promise<Record<string, number>> =>
    ((await bank.control('GET', '/health')).body as { kaspi: Record<string, number> }).kaspi;

  it('find the payer by 11 digits that begin with 7 or 8, the same person by both', async () => {
    const { StatusCode, Data } = await info(PHONE);
    expect([StatusCode, Data]).toEqual([0, { ClientName: expect.stringMatching(/^\S+ \S+$/) }]);
    expect((await info(`8${PHONE.slice(1)}`)).Data).toEqual(Data);
  });

  it.each([
    ['7701123456', 990000032],
    ['97011234567', 990000032],
    ['7701123456x', 990000032],
    ['77011230000', 990000031],
  ])('answer %s with %d', async (phone, code) => {
    expect((await info(phone)).StatusCode).toBe(code);
  });

  it('find the payer 50 times a minute and device, and say -999 beyond that', async () => {
    const before = (await health())['client_info_over_limit'] ?? 0;
    const codes = async (times: number, asking = token): Promise<number[]> => {
      const told: number[] = [];
      for (let count = 0; count < times; count += 1) told.push((await info(PHONE, asking)).StatusCode);
      return told;
    };
    expect(new Set(await codes(50))).toEqual(new Set([0]));
    expect(await codes(2)).toEqual([-999, -999]);
    expect(await codes(1, await bank.register('desk-02'))).toEqual([0]);
    bank.clock.advance(59_999);
    expect(await codes(1)).toEqual([-999]);
    bank.clock.advance(1);
    expect(await codes(1)).toEqual([0]);
    expect((await health())['client_info_over_limit']).toBe(before + 3);
  });

  it('keep the comment and no more of the number than its end', async () => {
    const id = await sent({ Comment: 'K7F2' });
    expect(bank.row(id)).toMatchObject({
      kind: 'invoice',
      status: 'RemotePaymentCreated',
      amount: 149_000,
      phone_ends: '4567',
      comment: 'K7F2',
      external_id: null,
    });
    expect(JSON.stringify(bank.sandbox.ledger())).not.toContain(PHONE);
  });

  it('are paid or rejected by the buyer, whether somebody asks or not', async () => {
    const [paid, rejected] = [await sent(), await sent()];
    expect(await bank.status(paid)).toBe('RemotePaymentCreated');
    expect(await bank.control('POST', `/kaspi/invoices/${paid}/pay`, { buyer: 'aigerim' })).toMatchObject({
      status: 200,
      body: { status: 'Processed' },
    });
    expect(await bank.control('POST', `/kaspi/invoices/${rejected}/reject`)).toMatchObject({ status: 200 });
    expect(await bank.control('POST', `/kaspi/invoices/${paid}/reject`)).toMatchObject({ status: 409 });
    expect([await bank.status(paid), await bank.status(rejected)]).toEqual(['Processed', 'Error']);
    expect(bank.row(paid)).toMatchObject({ buyer: 'aigerim' });
  });

  it('are paid by the autopilot only when it is told to', async () => {
    const left = await sent();
    await bank.control('PUT', '/autopilot', { kaspi: { scan_ms: 1, confirm_ms: 2, invoice_pay_ms: 3000 } });
    const paid = await sent();
    bank.clock.advance(3000);
    expect([bank.row(left)?.status, bank.row(paid)?.status]).toEqual(['RemotePaymentCreated', 'Processed']);
  });

  it('are cancelled by the seller, twice with the same answer, and not once they are paid or over', async () => {
    const [open, paid, over] = [await sent(), await sent(), await sent()];
    expect(await cancel(open)).toMatchObject({ StatusCode: 0, Data: { Status: 'RemotePaymentCanceled' } });
    expect(await cancel(open)).toMatchObject({ StatusCode: 0, Data: { Status: 'RemotePaymentCanceled' } });
    expect(await bank.status(open)).toBe('RemotePaymentCanceled');
    await bank.control('POST', `/kaspi/invoices/${paid}/pay`);
    bank.clock.advance(LIFE_MS);
    const qr = await bank.created(token, 10);
    for (const id of [paid, over, qr, 1]) expect((await cancel(id)).StatusCode).toBe(-99000001);
    const foreign = await bank.register('desk-01', OTHER_BIN);
    expect((await cancel(open, OTHER_BIN, foreign)).StatusCode).toBe(-99000001);
    expect(bank.row(paid)?.status).toBe('Processed');
  });

  it('end when their time is over, under a status that can be chosen', async () => {
    const id = await sent();
    bank.clock.advance(LIFE_MS - 1);
    expect(await bank.status(id)).toBe('RemotePaymentCreated');
    bank.clock.advance(1);
    expect(await bank.status(id)).toBe('Expired');
    expect(await bank.control('POST', `/kaspi/invoices/${id}/pay`)).toMatchObject({ status: 409 });
    await bank.control('PUT', '/kaspi/switches', { expired_invoice_status: 'SomethingNew' });
    expect(await bank.status(id)).toBe('SomethingNew');
  });

  it('can be refunded like any other purchase', async () => {
    const id = await sent();
    await bank.control('POST', `/kaspi/invoices/${id}/pay`);
    const body = { OrganizationBin: BIN, DeviceToken: token, QrPaymentId: id, Amount: 490 };
    expect(await bank.code('/v01/payment/return', { body })).toBe(0);
    const details = await bank.data(`/v01/payment/details?QrPaymentId=${id}&DeviceToken=${token}`);
    expect(details).toMatchObject({ AvailableReturnAmount: 1000 });
  });

  it('reach the phone also when the answer to the seller is lost', async () => {
    await bank.fault('lost_after', 'remote/create');
    const body = { OrganizationBin: BIN, Amount: 10, PhoneNumber: PHONE, DeviceToken: token, Comment: 'K1' };
    expect(await bank.call('/v01/remote/create', { body })).toMatchObject({ kind: 'cut' });
    const [row] = bank.sandbox.ledger();
    expect(await bank.control('POST', `/kaspi/invoices/${row?.id}/pay`)).toMatchObject({ status: 200 });
  });

  it('refuse a bad sum, a bad number, a stranger and a strange device, each with its own code', async () => {
    expect((await create({ Amount: 0 })).StatusCode).toBe(990000028);
    expect((await create({ PhoneNumber: '123' })).StatusCode).toBe(990000032);
    expect((await create({ PhoneNumber: '77011230000' })).StatusCode).toBe(99000010);
    expect((await create({ DeviceToken: 'unknown' })).StatusCode).toBe(-1501);
    expect((await create({ OrganizationBin: OTHER_BIN })).StatusCode).toBe(-1501);
    expect((await create({ OrganizationBin: '260141000010' })).StatusCode).toBe(-99000002);
    await bank.envelope('/v01/device/delete', { body: { DeviceToken: token, OrganizationBin: BIN } });
    expect((await create()).StatusCode).toBe(-1501);
    expect((await info(PHONE)).StatusCode).toBe(-1501);
    expect(bank.sandbox.ledger()).toEqual([]);
  });

  it('count every question with its time, and tell a timer from a hand', async () => {
    const [byHand, byTimer] = [await sent(), await sent()];
    const before = await health();
    for (const pauseMs of [1000, 7000, 300, 12_000, 0, 0, 5000]) {
      bank.clock.advance(pauseMs);
      await bank.status(byHand);
    }
    for (let count = 0; count < 7; count += 1) {
      bank.clock.advance(5000);
      await bank.status(byTimer);
    }
    const shown = async (id: number): Promise<Record<string, unknown>> =>
      (await bank.control('GET', `/kaspi/invoices/${id}`)).body as Record<string, unknown>;
    expect(await shown(byHand)).toMatchObject({ status: 'RemotePaymentCreated', phone_ends: '4567', by_timer: false });
    const watched = await shown(byTimer);
    expect(watched['by_timer']).toBe(true);
    const times = (watched['questions'] as string[]).map((text) => Date.parse(text));
    expect(times.slice(1).map((time, index) => time - (times[index] ?? 0))).toEqual([
      5000, 5000, 5000, 5000, 5000, 5000,
    ]);
    const after = await health();
    expect((after['invoice_polls'] ?? 0) - (before['invoice_polls'] ?? 0)).toBe(14);
    expect((after['invoice_polls_by_timer'] ?? 0) - (before['invoice_polls_by_timer'] ?? 0)).toBe(2);
    expect(after['invoice_polls_punished']).toBe(before['invoice_polls_punished']);
  });

  it('punish a timer by closing the connection when told to, and forgive it once it stops', async () => {
    await bank.control('PUT', '/kaspi/switches', { punish_polling: { equal_pauses: 3, tolerance: 0.2 } });
    const id = await sent();
    const outcomes: string[] = [];
    for (const pauseMs of [1000, 1000, 1100, 950, 60_000]) {
      bank.clock.advance(pauseMs);
      outcomes.push((await bank.call(`/v01/payment/status/${id}`)).kind);
    }
    expect(outcomes).toEqual(['answered', 'answered', 'answered', 'cut', 'answered']);
    expect((await health())['invoice_polls_punished']).toBe(1);
    expect(bank.row(id)?.calls.filter((call) => !call.answered)).toHaveLength(1);
  });

  it('live for 24 hours by the timers of the document, and stand in the books after a restart', async () => {
    const id = await sent({ Comment: 'K9' });
    const before = bank.row(id);
    await bank.stop();
    await bank.open({ timers: 'bank' });
    expect(bank.row(id)).toEqual(before);
    const long = await sent();
    bank.clock.advance(86_399_999);
    expect(await bank.status(long)).toBe('RemotePaymentCreated');
    bank.clock.advance(1);
    expect(await bank.status(long)).toBe('Expired');
    await bank.stop();
    await bank.open();
  });
});
