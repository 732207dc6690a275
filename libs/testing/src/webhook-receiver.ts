import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Script = (received: ReceivedWebhook, response: ServerResponse, socket: Socket) => void;

/** A tenant's server that records what comes and answers as a spec says; by default 204. Over TLS where it has a certificate. */
export class WebhookReceiver {
  readonly received: ReceivedWebhook[] = [];
  /** Requests that have come and are not answered. */
  open = 0;
  mostOpen = 0;
  #script: Script = answerWith(204);

  private constructor(
    readonly url: string,
    private readonly server: ReturnType<typeof createServer>,
  ) {}

  static async start(tls?: { readonly key: string; readonly cert: string }): Promise<WebhookReceiver> {
    const listener: RequestListener = (request, response) => void receiver.#take(request, response);
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const receiver = new WebhookReceiver(`${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/hook`, server);
    return receiver;
  }

  answers(script: Script): void {
    this.#script = script;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    response.once('close', () => (this.open -= 1));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const received = { path: request.url ?? '', headers, body: Buffer.concat(chunks).toString('utf8') };
    this.received.push(received);
    this.#script(received, response, request.socket);
  }
}

/** A script that answers every request with this status. */
export function answerWith(status: number, headers: Readonly<Record<string, string>> = {}): Script {
  return (_, response) => void response.writeHead(status, headers).end();
}

/** Checks a signature as Standard Webhooks 1.0 tells receivers to, independently of the code that signs. */
export function isSignedWith(secret: string, { headers, body }: ReceivedWebhook): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const expected = `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
  return (headers['webhook-signature'] ?? '').split(' ').includes(expected);
}
