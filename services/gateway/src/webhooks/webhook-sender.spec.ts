import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { answerWith, WebhookReceiver } from '@tolem/testing';
import { serverCertificate } from './test/server-certificate.ts';
import type { ResolveHost } from './resolve-host.ts';
import { WebhookSender } from './webhook-sender.ts';
import { DEFAULT_WEBHOOK_SETTINGS, type WebhookSettings } from './webhook-settings.ts';

const OPEN = ['127.0.0.0/8'];
const here: ResolveHost = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);

let receiver: WebhookReceiver;
let senders: WebhookSender[];
beforeEach(async () => {
  receiver = await WebhookReceiver.start();
  senders = [];
});
afterEach(async () => {
  for (const one of senders) one.close();
  await receiver.close();
});

function sender(settings: Partial<WebhookSettings> = {}, resolve: ResolveHost = here): WebhookSender {
  const made = new WebhookSender(resolve, { ...DEFAULT_WEBHOOK_SETTINGS, allowedNetworks: OPEN, ...settings });
  senders.push(made);
  return made;
}

const send = (by: WebhookSender, url: string, aborted = new AbortController().signal) =>
  by.send(url, { 'webhook-id': 'evt_1' }, '{"a":"é"}', aborted);
const portOf = (url: string): string => new URL(url).port;

describe('sending a webhook', () => {
  it('posts body and headers as they are and tells the status and Retry-After', async () => {
    receiver.answers(answerWith(503, { 'retry-after': '7' }));
    expect(await send(sender(), receiver.url)).toEqual({ kind: 'answered', status: 503, retryAfter: '7' });
    expect(receiver.received).toMatchObject([
      { path: '/hook', headers: { 'webhook-id': 'evt_1', 'content-length': '10' }, body: '{"a":"é"}' },
    ]);
  });

  it('follows no redirect, wherever it leads', async () => {
    const inside = await WebhookReceiver.start();
    receiver.answers(answerWith(307, { location: inside.url }));
    expect(await send(sender(), receiver.url)).toMatchObject({ kind: 'answered', status: 307 });
    expect(inside.received).toEqual([]);
    await inside.close();
  });

  it('gives up a receiver that takes the request and says nothing', async () => {
    receiver.answers(() => undefined);
    expect(await send(sender({ timeoutMs: 50 }), receiver.url)).toEqual({ kind: 'failed', error: 'timeout' });
  });

  it('tells of a receiver that hangs up', async () => {
    receiver.answers((_, __, socket) => void socket.destroy());
    expect(await send(sender(), receiver.url)).toEqual({ kind: 'failed', error: 'connection' });
  });

  it('tells of a port where nobody listens', async () => {
    const { url } = receiver;
    await receiver.close();
    expect(await send(sender(), url)).toEqual({ kind: 'failed', error: 'connection' });
    receiver = await WebhookReceiver.start();
  });

  it('tells of what is no HTTP', async () => {
    const server = createServer(
      (socket) =>
        void socket
          .on('error', () => undefined)
          .resume()
          .end('hello\r\n\r\n'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await send(sender(), `http://127.0.0.1:${port}/`)).toEqual({ kind: 'failed', error: 'connection' });
    await new Promise((resolve) => server.close(resolve));
  });

  it('does not wait for the end of an answer that never ends', async () => {
    receiver.answers((_, response) => {
      response.writeHead(200);
      response.write('more and more');
    });
    expect(await send(sender(), receiver.url)).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('repeats once where a kept connection was closed by the other side', async () => {
    const by = sender();
    await send(by, receiver.url);
    let calls = 0;
    receiver.answers((_, response, socket) => {
      calls += 1;
      if (calls === 1) socket.destroy();
      else response.writeHead(204).end();
    });
    expect(await send(by, receiver.url)).toMatchObject({ kind: 'answered', status: 204 });
  });

  it('ends at once when the process must end', async () => {
    receiver.answers(() => aborting.abort());
    const aborting = new AbortController();
    expect(await send(sender(), receiver.url, aborting.signal)).toEqual({ kind: 'failed', error: 'aborted' });
  });
});

describe('TLS', () => {
  it('is checked: an unknown authority is refused before anything is sent, a known one is not', async () => {
    const secure = await WebhookReceiver.start(serverCertificate());
    expect(await send(sender(), secure.url)).toEqual({ kind: 'failed', error: 'tls' });
    expect(secure.received).toEqual([]);
    const trusting = sender({ caPem: serverCertificate().cert });
    expect(await send(trusting, secure.url)).toMatchObject({ kind: 'answered', status: 204 });
    const byName = `https://receiver.test:${portOf(secure.url)}/`;
    expect(await send(trusting, byName)).toMatchObject({ kind: 'answered', status: 204 });
    expect(await send(trusting, byName.replace('receiver', 'other'))).toEqual({ kind: 'failed', error: 'tls' });
    await secure.close();
  });
});

describe('addresses', () => {
  it('are refused where they are private and nobody opened them, whether named or literal', async () => {
    const strict = sender({ allowedNetworks: [] });
    for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254', 'inside.test']) {
      expect({ host, outcome: await send(strict, `https://${host}:${portOf(receiver.url)}/`) }).toEqual({
        host,
        outcome: { kind: 'failed', error: 'address_refused' },
      });
    }
    expect(receiver.received).toEqual([]);
  });

  it('are checked for every connection: a name that was public and is private now leads nowhere', async () => {
    const secure = await WebhookReceiver.start(serverCertificate());
    // What was allowed at first: the second connection is opened by another address of the same name.
    const addresses = ['127.0.0.1', '127.0.0.2'];
    const rebinding = sender({ allowedNetworks: ['127.0.0.1'], caPem: serverCertificate().cert }, () =>
      Promise.resolve([{ address: addresses.shift() ?? '', family: 4 }]),
    );
    secure.answers(answerWith(204, { connection: 'close' }));
    const url = `https://receiver.test:${portOf(secure.url)}/`;
    expect(await send(rebinding, url)).toMatchObject({ kind: 'answered' });
    expect(await send(rebinding, url)).toEqual({ kind: 'failed', error: 'address_refused' });
    await secure.close();
  });

  it('are all refused where one of them is private', async () => {
    const mixed = sender({ allowedNetworks: [] }, () =>
      Promise.resolve([
        { address: '8.8.8.8', family: 4 },
        { address: '10.0.0.1', family: 4 },
      ]),
    );
    expect(await send(mixed, 'https://mixed.test/')).toEqual({ kind: 'failed', error: 'address_refused' });
  });

  it('that do not exist are told apart', async () => {
    const unknown = sender({}, () => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })));
    expect(await send(unknown, 'https://nowhere.test/')).toEqual({ kind: 'failed', error: 'host_unknown' });
  });

  it('public ones are not reached over HTTP', async () => {
    const outside = sender({}, () => Promise.resolve([{ address: '8.8.8.8', family: 4 }]));
    expect(await send(outside, 'http://public.test/')).toEqual({ kind: 'failed', error: 'address_refused' });
  });
});
