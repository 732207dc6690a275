import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, createServer, request as httpsRequest } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningBank } from './running-bank.ts';

/** A desk in front of the simulated bank that keeps some questions waiting and hands everything else on at once. */
export interface HoldingBank {
  readonly url: string;
  /** Questions that wait at this moment. */
  readonly held: number;
  /** Questions of the kind that is kept waiting, those that waited for nothing among them. */
  readonly asked: number;
  /** Of those, handed on. */
  readonly answered: number;
  /** Answers everything that waits, and keeps nothing waiting any more. */
  open(): void;
  close(): Promise<void>;
}

/**
 * @param holds whether a request, by its path, has to wait until `open`
 * @param scheme whose door it stands in front of
 */
export async function startHoldingBank(
  bank: RunningBank,
  holds: (path: string) => boolean,
  scheme: 'r2' | 'r3' = 'r3',
): Promise<HoldingBank> {
  const { tls } = bank.sandbox;
  const credential = bank.credential(scheme === 'r2' ? 'organization' : 'partner');
  const { certificatePem: cert, privateKeyPem: key, caPem: ca } = credential;
  const door = bank.urlOf(scheme);
  const agent = new Agent({ keepAlive: true, cert, key, ...(ca === undefined ? {} : { ca }) });
  const waiting = new Set<() => void>();
  let opened = false;
  let asked = 0;
  let answered = 0;

  const forward = (incoming: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const { method = 'GET', url = '/', headers } = incoming;
    const { host: _host, ...others } = headers;
    const onward = httpsRequest(new URL(url, door), { agent, method, headers: others }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  };
  const server = createServer(
    {
      ca: readFileSync(tls.ca),
      cert: readFileSync(tls.serverCert),
      key: readFileSync(tls.serverKey),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const handOn = (): void => forward(incoming, response, Buffer.concat(chunks));
        if (!holds(incoming.url ?? '')) return handOn();
        asked += 1;
        const release = (): void => {
          answered += 1;
          handOn();
        };
        if (opened) return release();
        waiting.add(release);
        response.on('close', () => waiting.delete(release));
      });
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get held() {
      return waiting.size;
    },
    get asked() {
      return asked;
    },
    get answered() {
      return answered;
    },
    open() {
      opened = true;
      for (const release of [...waiting]) release();
      waiting.clear();
    },
    async close() {
      agent.destroy();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
