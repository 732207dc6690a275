import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BIN, RunningBank } from './running-bank.ts';

interface Link {
  readonly PaymentId: number;
  readonly [name: string]: unknown;
}

describe('payment links', () => {
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

  const link = (amount: unknown = 1490): Promise<Link> =>
    bank.data('/v01/qr/create-link', { body: { OrganizationBin: BIN, DeviceToken: token, Amount: amount } });

  it('have the names of their own in the answer, and none of those of a QR', async () => {
    const made = await link();
    expect(Object.keys(made).sort()).toEqual([
      'ExpireDate',
      'PaymentBehaviorOptions',
      'PaymentId',
      'PaymentLink',
      'PaymentMethods',
    ]);
    expect(made['PaymentLink']).toMatch(/^https:\/\/pay\.kaspi\.kz\/pay\/\d{41}$/);
    expect(made['PaymentBehaviorOptions']).toEqual({
      StatusPollingInterval: 1,
      LinkActivationWaitTimeout: 30,
      PaymentConfirmationTimeout: 15,
    });
    expect(made['ExpireDate']).toMatch(/\+05:00$/);
    expect(String(made.PaymentId)).toHaveLength(11);
  });

  it('live, are paid and die as a QR does', async () => {
    const { PaymentId: paid } = await link();
    expect(await bank.status(paid)).toBe('QrTokenCreated');
    bank.clock.advance(500);
    expect(await bank.status(paid)).toBe('Wait');
    bank.clock.advance(1000);
    expect(await bank.status(paid)).toBe('Processed');
    expect(bank.row(paid)).toMatchObject({ kind: 'payment', status: 'Processed', amount: 149_000 });
    const { PaymentId: dead } = await link(1_000_002);
    bank.clock.advance(32_000);
    expect(await bank.status(dead)).toBe('Error');
  });

  it('may show RemotePaymentCreated until they are opened, as noted in production; a QR never does', async () => {
    const { PaymentId } = await link();
    const qr = await bank.created(token, 10);
    await bank.fault('remote_payment_created', 'payment/status', { times: null });
    expect([await bank.status(PaymentId), await bank.status(qr)]).toEqual(['RemotePaymentCreated', 'QrTokenCreated']);
    bank.clock.advance(500);
    expect(await bank.status(PaymentId)).toBe('Wait');
  });

  it('are lost with their answer: nobody follows a link that nobody saw', async () => {
    await bank.fault('lost_after', 'qr/create-link');
    const body = { OrganizationBin: BIN, DeviceToken: token, Amount: 10, ExternalId: 'L-1' };
    expect(await bank.call('/v01/qr/create-link', { body })).toMatchObject({ kind: 'cut' });
    bank.clock.advance(40_000);
    expect(bank.sandbox.ledger()).toMatchObject([{ external_id: 'L-1', status: 'Error' }]);
  });

  it('take camelCase options and other dates from the switchboard', async () => {
    await bank.fault('camel_case_options', 'qr/create-link');
    await bank.fault('short_dates', 'qr/create-link');
    await bank.fault('business_account', 'qr/create-link');
    const made = await link();
    expect(made['PaymentBehaviorOptions']).toMatchObject({ linkActivationWaitTimeout: 30 });
    expect(made['ExpireDate']).toMatch(/\+05$/);
    expect(made['PaymentMethods']).toContain('BusinessAccount');
  });

  it.each([
    [1_000_006, 990000033],
    [0, 990000028],
  ])('of %d ₸ are refused with %d', async (amount, code) => {
    const body = { OrganizationBin: BIN, DeviceToken: token, Amount: amount };
    expect(await bank.code('/v01/qr/create-link', { body })).toBe(code);
    expect(bank.sandbox.ledger()).toEqual([]);
  });
});
