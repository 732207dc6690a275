import { describe, expect, it } from '@jest/globals';
import type { EgressOutcome } from '@tolem/egress';
import fc from 'fast-check';
import { answered, scriptedEgress } from '../../test/scripted-egress.ts';
import type { __Name__Answer } from './__name__-answer.ts';
import { __Name__Client, type __Name__Endpoint, type CallOptions } from './__name__.client.ts';

const AT: __Name__Endpoint = { baseUrl: 'https://provider.example' };
const OPTIONS: CallOptions = { requestId: 'request-1', mayWrite: () => true };
const TIMEOUTS = { connectTimeoutMs: 1_000, startTimeoutMs: 8_000, readTimeoutMs: 10_000 };
const ORDER = { order: 'pay_1', shop: '180340021791', amountMinor: 149_050, currency: '__currency__' };
const CREATED = '{"id":"p-1","qr":"QR","ask_every":5,"scan_within":120,"confirm_within":30}';

function scripted(outcome: EgressOutcome | string) {
  const { egress, requests } = scriptedEgress(outcome);
  return { client: new __Name__Client(egress, TIMEOUTS), requests };
}

const CALLS: readonly (readonly [string, (client: __Name__Client) => Promise<__Name__Answer<unknown>>])[] = [
  ['createPayment', (client) => client.createPayment(AT, ORDER, OPTIONS)],
  ['payment', (client) => client.payment(AT, 'p-1', OPTIONS)],
  ['shop', (client) => client.shop(AT, '180340021791', OPTIONS)],
];

describe('what goes out', () => {
  it('a new payment, with a body in JSON and the deadline of a start', async () => {
    const { client, requests } = scripted(CREATED);
    await client.createPayment(AT, ORDER, OPTIONS);
    expect(requests).toEqual([
      {
        target: AT,
        method: 'POST',
        path: '/payments',
        headers: { accept: 'application/json', 'x-request-id': 'request-1', 'content-type': 'application/json' },
        body: '{"order":"pay_1","shop":"180340021791","amount":"1490.50","currency":"__currency__"}',
        connectTimeoutMs: 1_000,
        totalTimeoutMs: 8_000,
        maxAnswerBytes: 65_536,
        mayWrite: OPTIONS.mayWrite,
      },
    ]);
  });

  it.each([
    ['payment', '/payments/p-1', CALLS[1]],
    ['shop', '/shops/180340021791', CALLS[2]],
  ] as const)('a question (%s) without a body and with the deadline of a question', async (_name, path, row) => {
    const { client, requests } = scripted('{}');
    await row?.[1](client);
    expect(requests).toMatchObject([{ method: 'GET', path, totalTimeoutMs: 10_000, mayWrite: OPTIONS.mayWrite }]);
    expect(requests[0]).not.toHaveProperty('body');
  });

  it.each<readonly [string, (client: __Name__Client) => Promise<__Name__Answer<unknown>>]>([
    ['amountMinor', (client) => client.createPayment(AT, { ...ORDER, amountMinor: 0 }, OPTIONS)],
    ['amountMinor', (client) => client.createPayment(AT, { ...ORDER, amountMinor: 1.5 }, OPTIONS)],
    ['id', (client) => client.payment(AT, '../shops', OPTIONS)],
    ['id', (client) => client.payment(AT, '', OPTIONS)],
    ['taxId', (client) => client.shop(AT, '1803400217/1', OPTIONS)],
  ])('an impossible %s is refused before anything is sent', async (name, call) => {
    const { client, requests } = scripted('{}');
    expect(await call(client)).toMatchObject({
      is: 'not_sent',
      reason: 'bad_argument',
      detail: expect.stringContaining(name),
    });
    expect(requests).toHaveLength(0);
  });
});

describe('what comes back', () => {
  it('a created payment, with its times in milliseconds', async () => {
    expect(await scripted(CREATED).client.createPayment(AT, ORDER, OPTIONS)).toEqual({
      is: 'ok',
      data: {
        id: 'p-1',
        qr: 'QR',
        waiting: { intervalMs: 5_000, customerWithinMs: 120_000, confirmWithinMs: 30_000 },
      },
    });
  });

  it('times that are absent or nonsense read as the usual ones', async () => {
    const { client } = scripted('{"id":"p-1","qr":"QR","ask_every":"soon","scan_within":99999999}');
    expect(await client.createPayment(AT, ORDER, OPTIONS)).toMatchObject({
      data: { waiting: { intervalMs: 2_000, customerWithinMs: 180_000, confirmWithinMs: 60_000 } },
    });
  });

  it('a status, with its amount in minor units', async () => {
    const { client } = scripted('{"id":"p-1","status":"paid","amount":1490.5,"transaction":"t-9","new":1}');
    expect(await client.payment(AT, 'p-1', OPTIONS)).toEqual({
      is: 'ok',
      data: { id: 'p-1', status: 'paid', amountMinor: 149_050, transaction: 't-9' },
    });
  });

  it.each([
    ['a payment without its code', CALLS[0], '{"id":"p-1"}', 'incomplete'],
    ['a payment whose id is a path', CALLS[0], '{"id":"../1","qr":"QR"}', 'incomplete'],
    ['a status without its amount', CALLS[1], '{"id":"p-1","status":"paid"}', 'incomplete'],
    ['a status with half a tiyn', CALLS[1], '{"id":"p-1","status":"paid","amount":"1.005"}', 'incomplete'],
    ['a page of HTML', CALLS[2], '<html>', 'not_json'],
  ] as const)('%s is no answer', async (_title, row, body, reason) => {
    expect(await row?.[1](scripted(body).client)).toMatchObject({ is: 'lost', reason });
  });

  it('a readable 4xx is the provider’s decision, with its code and words', async () => {
    const { client } = scripted(answered('{"error":"amount_too_large","message":" too much "}', 422));
    expect(await client.createPayment(AT, ORDER, OPTIONS)).toEqual({
      is: 'refused',
      error: 'amount_too_large',
      message: 'too much',
    });
  });

  it.each([
    [400, '<html>'],
    [408, '{"error":"x"}'],
    [429, '{"error":"x"}'],
    [500, '{"error":"x"}'],
    [503, ''],
    [302, '{"error":"x"}'],
  ])('HTTP %i with %s decides nothing', async (status, body) => {
    const { client } = scripted(answered(body, status));
    expect(await client.createPayment(AT, ORDER, OPTIONS)).toMatchObject({ is: 'lost', reason: 'http_status' });
  });

  it('what was not sent and what was lost stay apart', async () => {
    const notSent = scripted({ kind: 'not_sent', reason: 'withdrawn', detail: 'd', ms: 1 });
    const lost = scripted({ kind: 'sent_without_answer', reason: 'timeout', detail: 'd', ms: 1 });
    for (const [, call] of CALLS) {
      expect(await call(notSent.client)).toEqual({ is: 'not_sent', reason: 'withdrawn', detail: 'd' });
      expect(await call(lost.client)).toEqual({ is: 'lost', reason: 'timeout', detail: 'd' });
    }
  });

  it('no body can make it throw, and none without an id starts a payment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 100, max: 599 }),
        fc.oneof(fc.string(), fc.json()),
        async (status, body) => {
          const answer = await scripted(answered(body, status)).client.createPayment(AT, ORDER, OPTIONS);
          expect(answer.is).not.toBe('ok');
        },
      ),
    );
  });
});
