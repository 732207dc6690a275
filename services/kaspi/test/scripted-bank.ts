import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Sandbox } from '@tolem/sandbox';

export interface ScriptedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What to answer; undefined keeps the connection open without a byte. */
export type Script = (request: ScriptedRequest) => { readonly status?: number; readonly text: string } | undefined;

export interface ScriptedBank {
  readonly url: string;
  readonly requests: ScriptedRequest[];
  close(): Promise<void>;
}

/** A server with the sandbox's certificates that says exactly what a spec wants: what no bank in its right mind would. */
export async function startScriptedBank(
  tls: Sandbox['tls'],
  script: Script,
  { certificates = true } = {},
): Promise<ScriptedBank> {
  const requests: ScriptedRequest[] = [];
  const server = createServer(
    {
      ca: readFileSync(tls.ca),
      cert: readFileSync(tls.serverCert),
      key: readFileSync(tls.serverKey),
      requestCert: certificates,
      rejectUnauthorized: certificates,
    },
    (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const request = {
          method: incoming.method ?? '',
          path: incoming.url ?? '',
          body: Buffer.concat(chunks).toString('utf8'),
          headers: incoming.headers,
        };
        requests.push(request);
        const answer = script(request);
        if (answer === undefined) return;
        response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
        response.end(answer.text);
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
