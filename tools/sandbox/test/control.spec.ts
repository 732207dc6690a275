import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RunningBank } from './running-bank.ts';

describe('the control interface', () => {
  let bank: RunningBank;

  beforeAll(async () => {
    bank = await RunningBank.start();
  });
  afterAll(() => bank.remove());
  beforeEach(() => bank.control('POST', '/reset'));

  it.each([
    ['call', { call: 'qr/destroy' }],
    ['fault', { fault: 'explode' }],
    ['fault', { fault: 'delay:soon' }],
    ['fault', { fault: 'delay:999999' }],
    ['fault', { fault: 'unknown_status', call: 'qr/create' }],
    ['provider', { provider: 'smartpay' }],
    ['times', { times: 0 }],
    ['match.amount', { match: { amount: '10' } }],
    ['colour', { match: { colour: 'red' } }],
    ['until', { until: 'tomorrow' }],
  ])('refuses a fault with a bad %s and names the field', async (field, change) => {
    const fault = { provider: 'kaspi', call: 'payment/status', fault: 'html', ...change };
    const { status, body } = await bank.control('PUT', '/faults', fault);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid', errors: [{ field }], detail: expect.stringContaining(field) });
    expect((await bank.control('GET', '/faults')).body).toEqual({ faults: [] });
  });

  it('holds a bounded number of faults', async () => {
    const fault = { provider: 'kaspi', call: '*', fault: 'no_message', times: null };
    const statuses = [];
    for (let count = 0; count <= 100; count += 1) statuses.push((await bank.control('PUT', '/faults', fault)).status);
    expect(statuses.slice(0, 100)).toEqual(Array.from({ length: 100 }, () => 200));
    expect(statuses[100]).toBe(409);
  });

  it.each([
    ['kaspi', {}],
    ['kaspi.confirm_ms', { kaspi: { scan_ms: 5 } }],
    ['kaspi.confirm_ms', { kaspi: { scan_ms: 5, confirm_ms: 4 } }],
    ['kaspi.scan_ms', { kaspi: { scan_ms: -5, confirm_ms: 4 } }],
    ['smartpay', { kaspi: null, smartpay: null }],
  ])('refuses an autopilot with a bad %s', async (field, body) => {
    expect(await bank.control('PUT', '/autopilot', body)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });

  it('an autopilot of other times serves purchases made afterwards', async () => {
    expect(await bank.control('PUT', '/autopilot', { kaspi: { scan_ms: 10, confirm_ms: 20 } })).toMatchObject({
      status: 200,
    });
    const id = await bank.created(await bank.register(), 10);
    bank.clock.advance(20);
    expect(await bank.status(id)).toBe('Processed');
  });

  it('shows the ledger from a sequence number on, changed rows included', async () => {
    const token = await bank.register();
    const first = await bank.created(token, 10, 'A');
    const second = await bank.created(token, 20, 'B');
    const all = (await bank.control('GET', '/ledger')).body as { seq: number; id: string }[];
    expect(all.map((row) => row.id)).toEqual([String(first), String(second)]);
    const since = all[1]?.seq ?? 0;
    expect((await bank.control('GET', `/ledger?provider=kaspi&since=${since}`)).body).toEqual([]);
    await bank.control('POST', `/kaspi/payments/${first}/scan`);
    expect((await bank.control('GET', `/ledger?since=${since}`)).body).toMatchObject([
      { id: String(first), status: 'Wait', amount: 1000, provider: 'kaspi', kind: 'payment' },
    ]);
    expect(await bank.control('GET', '/ledger?since=yesterday')).toMatchObject({ status: 400 });
    expect(await bank.control('GET', '/ledger?colour=red')).toMatchObject({ status: 400 });
  });

  it('forgets everything at a reset', async () => {
    const token = await bank.register();
    const id = await bank.created(token, 10);
    await bank.fault('html', '*', { times: null });
    expect(await bank.control('POST', '/reset')).toMatchObject({ status: 200 });
    expect((await bank.control('GET', '/ledger')).body).toEqual([]);
    expect((await bank.envelope(`/v01/payment/status/${id}`)).StatusCode).toBe(-1601);
    expect((await bank.control('GET', '/health')).body).toMatchObject({
      status: 'ok',
      kaspi: { purchases: 0, devices: 0, faults: 0, autopilot: { scan_ms: 500, confirm_ms: 1500 } },
    });
  });

  it('answers what it does not know with 404, and what is no JSON with 400', async () => {
    expect(await bank.control('GET', '/nothing')).toMatchObject({ status: 404 });
    expect(await bank.control('DELETE', '/autopilot')).toMatchObject({ status: 404 });
    const response = await fetch(`${bank.sandbox.controlUrl}/faults`, { method: 'PUT', body: '{' });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'not_json']);
  });
});
