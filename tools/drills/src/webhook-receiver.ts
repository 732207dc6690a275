import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { eventAnswer, ToldBook } from './told.ts';

const OLDEST_S = 300;
const MOST_BYTES = 256 * 1024;

/** A chain's server that takes webhooks, checks them as docs/integrating.md tells it to and handles each event once. */
export class WebhookReceiver {
  readonly told = new ToldBook();
  /** What the first delivery of each event came with. */
  readonly headers = new Map<string, IncomingHttpHeaders>();
  /** Deliveries whose signature was wrong. */
  forged = 0;
  /** Shown once, when the endpoint is made. */
  secret = '';

  private constructor(private readonly server: Server) {}

  static async start(): Promise<WebhookReceiver> {
    const server = createServer((request, response) => {
      receiver.take(request).then(
        (status) => response.writeHead(status).end(),
        () => response.destroy(),
      );
    });
    const receiver = new WebhookReceiver(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hook`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage): Promise<number> {
    const body = await bodyOf(request);
    if (!isSigned(this.secret, request.headers, body, Date.now())) {
      this.forged += 1;
      return 401;
    }
    const event = eventAnswer.parse(JSON.parse(body));
    if (this.told.take(event)) this.headers.set(event.id, request.headers);
    return 204;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error('a webhook is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Standard Webhooks 1.0. @param body the bytes as they came */
export function isSigned(secret: string, headers: IncomingHttpHeaders, body: string, nowMs: number): boolean {
  const id = String(headers['webhook-id']);
  const timestamp = String(headers['webhook-timestamp']);
  if (!(Math.abs(nowMs / 1_000 - Number(timestamp)) <= OLDEST_S)) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = Buffer.from(`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`);
  return String(headers['webhook-signature'])
    .split(' ')
    .map((word) => Buffer.from(word))
    .some((word) => word.length === expected.length && timingSafeEqual(word, expected));
}
