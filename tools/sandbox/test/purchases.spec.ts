import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RunningBank } from './running-bank.ts';

describe('the life of a purchase', () => {
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

  it('answers a create with the documented fields, an id beyond 31 bits and a token of 41 digits', async () => {
    const outcome = await bank.create(token, 1490, 'S-000917');
    expect(outcome).toMatchObject({ kind: 'answered', status: 200, type: 'application/json; charset=utf-8' });
    const { Data } = JSON.parse(outcome.kind === 'answered' ? outcome.text : '') as { Data: Record<string, unknown> };
    expect(Data).toMatchObject({
      ExpireDate: '2026-02-11T09:05:30.000+05:00',
      QrPaymentBehaviorOptions: {
        StatusPollingInterval: 1,
        QrCodeScanWaitTimeout: 30,
        PaymentConfirmationTimeout: 15,
      },
    });
    expect(Data['QrToken']).toMatch(/^\d{41}$/);
    expect(Data['QrPaymentId']).toBeGreaterThan(2 ** 31);
    expect(String(Data['QrPaymentId'])).toHaveLength(11);
    expect(Data['PaymentMethods']).toEqual(expect.arrayContaining(['Gold', 'Red', 'Loan']));
  });

  it('is scanned after 0.5 s and paid after 1.5 s by the autopilot, and stays paid', async () => {
    const id = await bank.created(token, 1490);
    bank.clock.advance(499);
    expect(await bank.status(id)).toBe('QrTokenCreated');
    bank.clock.advance(1);
    expect(await bank.status(id)).toBe('Wait');
    bank.clock.advance(999);
    expect(await bank.status(id)).toBe('Wait');
    bank.clock.advance(1);
    expect(await bank.status(id)).toBe('Processed');
    bank.clock.advance(86_400_000);
    expect(await bank.status(id)).toBe('Processed');
  });

  it('has no buyer while nobody asks about it: its code stands on no screen', async () => {
    const id = await bank.created(token, 1490);
    bank.clock.advance(31_000);
    expect(bank.row(id)?.status).toBe('QrTokenCreated');
    bank.clock.advance(5_000);
    expect(await bank.status(id)).toBe('Error');
  });

  it('is found under every version of the status method, with a trailing slash and in any casing', async () => {
    const id = await bank.created(token, 1490);
    for (const version of ['v01', 'v02', 'v04', 'V01']) expect(await bank.status(id, version)).toBe('QrTokenCreated');
    expect(await bank.status(`${id}/`)).toBe('QrTokenCreated');
    bank.clock.advance(1500);
    expect((await bank.envelope(`/v01/payment/status/${id}`)).Data).toEqual({ Status: 'Processed' });
    expect((await bank.envelope(`/v02/payment/status/${id}`)).Data).toMatchObject({
      Status: 'Processed',
      Amount: 1490,
      ProductType: 'Gold',
    });
  });

  it('is cancelled at the end of the scan timer and shows Error two seconds later', async () => {
    await bank.control('PUT', '/autopilot', { kaspi: null });
    const id = await bank.created(token, 1490);
    bank.clock.advance(31_999);
    expect(await bank.status(id)).toBe('QrTokenCreated');
    expect(await bank.control('POST', `/kaspi/payments/${id}/scan`)).toMatchObject({ status: 409 });
    bank.clock.advance(1);
    expect(await bank.status(id)).toBe('Error');
  });

  it('is cancelled at the end of the confirmation timer, which counts from the scan', async () => {
    await bank.control('PUT', '/autopilot', { kaspi: null });
    const id = await bank.created(token, 1490);
    bank.clock.advance(20_000);
    expect(await bank.control('POST', `/kaspi/payments/${id}/scan`)).toMatchObject({ status: 200 });
    bank.clock.advance(14_999);
    expect(await bank.status(id)).toBe('Wait');
    bank.clock.advance(1);
    expect(await bank.control('POST', `/kaspi/payments/${id}/confirm`)).toMatchObject({ status: 409 });
    expect(await bank.status(id)).toBe('Wait');
    bank.clock.advance(2000);
    expect(await bank.status(id)).toBe('Error');
  });

  it('follows the hands of the buyer in the order that the document draws', async () => {
    await bank.control('PUT', '/autopilot', { kaspi: null });
    const hand = async (id: number, step: string): Promise<number> =>
      (await bank.control('POST', `/kaspi/payments/${id}/${step}`)).status;
    const paid = await bank.created(token, 10, 'A');
    expect([await hand(paid, 'confirm'), await hand(paid, 'scan'), await hand(paid, 'scan')]).toEqual([409, 200, 409]);
    expect([await hand(paid, 'confirm'), await hand(paid, 'confirmerror')]).toEqual([200, 409]);
    expect(await bank.status(paid)).toBe('Processed');
    const unscanned = await bank.created(token, 10, 'B');
    expect([await hand(unscanned, 'scanerror'), await bank.status(unscanned)]).toEqual([200, 'Error']);
    const refused = await bank.created(token, 10, 'C');
    expect([await hand(refused, 'scan'), await hand(refused, 'confirmerror')]).toEqual([200, 200]);
    expect(await bank.status(refused)).toBe('Error');
    expect(await hand(1, 'scan')).toBe(404);
  });

  it('obeys the emulator methods, whose id is a text and whose message is in lower case', async () => {
    await bank.control('PUT', '/autopilot', { kaspi: null });
    const id = await bank.created(token, 1490);
    const emulate = async (step: string, qrPaymentId: unknown): Promise<unknown> =>
      JSON.parse((await bank.answer(`/v01/test/payment/${step}`, { body: { qrPaymentId } })).text);
    expect(await emulate('confirm', String(id))).toMatchObject({ StatusCode: -999 });
    expect(await emulate('scan', String(id))).toEqual({ StatusCode: 0, message: 'OK' });
    expect(await bank.status(id)).toBe('Wait');
    expect(await emulate('confirm', id)).toEqual({ StatusCode: 0, message: 'OK' });
    expect(await bank.status(id)).toBe('Processed');
    expect(await emulate('scan', '99999999999')).toMatchObject({ StatusCode: -999 });
  });

  it('takes exact sums only: no zero, no negative, no third decimal', async () => {
    for (const amount of [0, -1, 10.005, '10.005', 'ten', '']) {
      const outcome = await bank.create(token, amount);
      expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
      expect(outcome.kind === 'answered' && JSON.parse(outcome.text)).toMatchObject({ StatusCode: 990000028 });
    }
    expect(bank.sandbox.ledger()).toEqual([]);
    const id = await bank.created(token, '1490.05');
    expect(bank.row(id)).toMatchObject({ amount: 149005, currency: 'KZT' });
  });

  it('does not treat a repeated ExternalId as the same purchase', async () => {
    expect(await bank.created(token, 1490, 'same')).not.toBe(await bank.created(token, 1490, 'same'));
  });

  it('keeps in its ledger when a create arrived and which answer first carried the payment', async () => {
    const id = await bank.created(token, 1490, 'S-7');
    bank.clock.advance(1000);
    await bank.status(id);
    bank.clock.advance(1000);
    await bank.status(id);
    expect(bank.row(id)).toMatchObject({
      provider: 'kaspi',
      kind: 'payment',
      external_id: 'S-7',
      tax_id: '260360000051',
      amount: 149000,
      status: 'Processed',
    });
    const calls = bank.row(id)?.calls ?? [];
    const first = Date.parse(calls[0]?.at ?? '');
    expect(calls.map((call) => [call.call, Date.parse(call.at) - first, call.answered, call.status])).toEqual([
      ['qr/create', 0, true, null],
      ['payment/status', 1000, true, 'Wait'],
      ['payment/status', 2000, true, 'Processed'],
    ]);
    expect(Date.parse(calls[2]?.answered_at ?? '') - first).toBe(2000);
    expect(Date.parse(bank.row(id)?.status_at ?? '') - first).toBe(1500);
  });

  it('writes automatic ends into the ledger also when nobody asks for the purchase', async () => {
    await bank.control('PUT', '/autopilot', { kaspi: null });
    const id = await bank.created(token, 1490);
    const before = bank.row(id)?.seq ?? 0;
    bank.clock.advance(60_000);
    expect(bank.row(id)).toMatchObject({ status: 'Error' });
    expect(bank.sandbox.ledger(before).map((row) => row.id)).toEqual([String(id)]);
  });

  it('counts questions that come far too early', async () => {
    const early = async (): Promise<number> => {
      const { body } = await bank.control('GET', '/health');
      return (body as { kaspi: { polls_too_early: number } }).kaspi.polls_too_early;
    };
    const before = await early();
    const id = await bank.created(token, 1490);
    for (const pauseMs of [1000, 1000, 100, 100]) {
      bank.clock.advance(pauseMs);
      await bank.status(id);
    }
    expect((await early()) - before).toBe(2);
  });

  it('uses the timers of the document when asked to', async () => {
    await bank.stop();
    await bank.open({ timers: 'bank' });
    const outcome = await bank.create(await bank.register(), 1490);
    expect(outcome.kind === 'answered' && JSON.parse(outcome.text)).toMatchObject({
      Data: {
        QrPaymentBehaviorOptions: {
          StatusPollingInterval: 5,
          QrCodeScanWaitTimeout: 180,
          PaymentConfirmationTimeout: 65,
        },
      },
    });
  });
});
