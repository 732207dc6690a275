import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HttpLoad } from './http-load.ts';
import { runTill } from './till.ts';

const place = { organization: 'org_1', desk: 'desk-1' };
const payment = (status: string, qr?: string): string =>
  JSON.stringify({ id: 'pay_1', status, next_action: qr === undefined ? null : { type: 'show_qr', qr } });

interface Heard {
  line: string;
  key: string | undefined;
  authorization: string | undefined;
}

/** Answers one after the other, whatever is asked, as the API of another house might. */
async function answering(
  answers: readonly [status: number, body: string][],
): Promise<{ server: Server; heard: Heard[] }> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    const [status, body] = answers[heard.length] ?? [500, 'nothing is left to say'];
    heard.push({
      line: `${request.method ?? ''} ${request.url ?? ''}`,
      key: request.headers['idempotency-key']?.toString(),
      authorization: request.headers.authorization,
    });
    request.resume().on('end', () => response.writeHead(status).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, heard };
}

describe('a till', () => {
  const open: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  });

  async function run(answers: readonly [number, string][]) {
    const { server, heard } = await answering(answers);
    const { port } = server.address() as AddressInfo;
    const load = new HttpLoad([`http://127.0.0.1:${port}`], 'tlm_test_key');
    open.push(
      () => load.close(),
      () => void server.close(),
    );
    return { record: await runTill(load, place, 'key-1'), heard };
  }

  it('creates, shows the QR and waits until the money is there', async () => {
    const { record, heard } = await run([
      [201, payment('requires_customer', 'https://qr')],
      [200, payment('processing', 'https://qr')],
      [200, payment('succeeded')],
    ]);
    expect(heard).toEqual([
      { line: 'POST /v1/payments?wait=25', key: 'key-1', authorization: 'Bearer tlm_test_key' },
      { line: 'GET /v1/payments/pay_1?wait=25', key: undefined, authorization: 'Bearer tlm_test_key' },
      { line: 'GET /v1/payments/pay_1?wait=25', key: undefined, authorization: 'Bearer tlm_test_key' },
    ]);
    expect(record).toMatchObject({ payment: 'pay_1', requests: 3, error: undefined });
    expect(record.createToQrMs).toBeGreaterThan(0);
    expect(record.createToQrMs).toBeLessThanOrEqual(record.lifeMs);
  });

  it.each<[string, [number, string][], string]>([
    ['an answer that is none of a payment', [[503, 'service_overloaded']], 'POST answered 503: service_overloaded'],
    ['a repeat of another payment', [[200, payment('succeeded')]], 'POST answered 200'],
    ['a payment that ends unpaid', [[201, payment('declined')]], 'a payment ended as declined'],
    ['money without a QR', [[201, payment('succeeded')]], 'a payment succeeded without a QR at its till'],
    ['half an answer', [[201, '{"id": "pay_1"']], 'JSON'],
    [
      'a payment that never ends',
      [[201, payment('created')], ...Array.from({ length: 20 }, (): [number, string] => [200, payment('created')])],
      'still created after 12 answers',
    ],
  ])('counts %s as an error', async (_what, answers, error) => {
    expect((await run(answers)).record.error).toContain(error);
  });
});
