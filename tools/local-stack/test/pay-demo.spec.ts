import { afterEach, describe, expect, it } from '@jest/globals';
import { type DemoInput, type DemoOutcome, drawQr, payDemo } from '../src/onboarding/pay-demo.ts';
import { type StubGateway, type StubOptions, startStubGateway } from './programs/stub-gateway.ts';

describe('the story of a payment', () => {
  let gateway: StubGateway | undefined;
  afterEach(async () => {
    await gateway?.close();
  });

  const tell = async (
    stub: Partial<StubOptions> = {},
    input: Partial<DemoInput> = {},
  ): Promise<{ outcome: DemoOutcome; text: string }> => {
    gateway = await startStubGateway({ operatorKey: 'unused', ...stub });
    const lines: string[] = [];
    const outcome = await payDemo({
      gatewayUrl: gateway.url,
      apiKey: 'tlm_test_stub',
      organization: 'org_1',
      desk: 'desk-01',
      amountMinor: 149_000,
      line: (text) => lines.push(text),
      ...input,
    });
    return { outcome, text: lines.join('\n') };
  };

  it('shows the QR, the methods, each state with its time and the till’s messages', async () => {
    const { outcome, text } = await tell();
    expect(outcome).toMatchObject({ status: 'succeeded', payment: 'pay_00000000000000000000000001' });
    const qr = await drawQr('10000000000000000000000000000000000000017');
    for (const row of qr.split('\n')) expect(text).toContain(row);
    expect(text).toContain('1\u202f490.00\u202f₸');
    expect(text).toContain('the buyer may pay with: Gold, Red, Loan');
    expect(text).toMatch(/\+\d+ ms {2}requires_customer: payment pay_/);
    expect(text).toMatch(/\+\d+ ms {2}processing[\s\S]*till: "The buyer confirms in the application"/);
    expect(text).toMatch(/\+\d+ ms {2}succeeded[\s\S]*till: "Paid"[\s\S]*\d+ ms {2}in all: succeeded$/);
    expect([...text].every((character) => character === '\n' || character >= ' ')).toBe(true);
  });

  it('asks for exactly the payment that it shows', async () => {
    await tell({}, { tradePoint: 'tp_9', amountMinor: 100_000_100 });
    const [create] = gateway?.seen ?? [];
    expect(create).toMatchObject({
      method: 'POST',
      path: '/v1/payments?wait=25',
      body: {
        organization: 'org_1',
        desk: 'desk-01',
        trade_point: 'tp_9',
        amount: 100_000_100,
        currency: 'KZT',
        method: { type: 'kaspi_qr' },
      },
    });
    expect(create?.idempotencyKey).not.toBe('');
    expect(create?.body['reference']).toMatch(/^demo-/);
  });

  it('a desk that is not registered yet is registered at the first trade point, under another idempotency key', async () => {
    const { outcome } = await tell({
      intercept: (request, answer) => {
        if (request.method !== 'POST' || 'trade_point' in request.body) return false;
        answer(422, { code: 'trade_point_required', detail: 'Send trade_point.' });
        return true;
      },
    });
    expect(outcome.status).toBe('succeeded');
    const creates = (gateway?.seen ?? []).filter(({ method }) => method === 'POST');
    expect(creates.map(({ body }) => body['trade_point'])).toEqual([undefined, 'tp_1']);
    expect(new Set(creates.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
  });

  it('a declined payment is told as declined, with the reason', async () => {
    const { outcome, text } = await tell({ story: ['processing', 'declined'] });
    expect(outcome.status).toBe('declined');
    expect(text).toContain('reason: declined (the bank says Error)');
    expect(text).toMatch(/in all: declined$/);
  });

  it('an unknown payment is not an end: the story goes on until the bank speaks', async () => {
    const { outcome, text } = await tell({ story: ['unknown', 'succeeded'] });
    expect(outcome.status).toBe('succeeded');
    expect(text).toMatch(/unknown[\s\S]*succeeded/);
  });

  it('a terminal gets the QR black on white, every row as wide as the others', async () => {
    const rows = (await drawQr('1'.repeat(41), true)).split('\n');
    const inner = rows.map((row) => row.slice('\u001b[30;107m'.length, -'\u001b[0m'.length));
    expect(rows.every((row) => row.startsWith('\u001b[30;107m') && row.endsWith('\u001b[0m'))).toBe(true);
    expect(new Set(inner.map((row) => row.length)).size).toBe(1);
    expect(
      inner
        .map((row) => row.trimEnd())
        .join('\n')
        .trimEnd(),
    ).toBe(
      await drawQr('1'.repeat(41)).then((plain) =>
        plain
          .split('\n')
          .map((row) => row.trimEnd())
          .join('\n'),
      ),
    );
  });

  it('draws a QR whose modules are as wide as they are high', async () => {
    const rows = (await drawQr('1'.repeat(41))).split('\n');
    const width = [...(rows[0] ?? '')].length;
    expect(rows.every((row) => [...row].length <= width)).toBe(true);
    // Two modules stand in one character of height.
    expect(Math.abs(rows.length * 2 - width)).toBeLessThanOrEqual(4);
  });
});
