import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificates } from './certificates.ts';

/** What the provider knows of one payment. */
export interface Purchase {
  readonly id: string;
  readonly order: string;
  readonly amount: string;
  status: string;
}

/** What happens to the next payment that is created: performed without an answer, or refused. */
export type NextStart = 'answer_lost' | 'refused';

/**
 * The provider as its document describes it, in memory behind mutual TLS, with a ledger that a spec compares with ours.
 *
 * ASSUMPTION: it follows the example interface of the client and grows with it.
 */
export class __Name__StandIn {
  readonly ledger: Purchase[] = [];
  readonly #nextStarts: NextStart[] = [];
  #shopActive = true;

  private constructor(private readonly server: Server) {}

  static async start({ caPem, server: own }: Certificates): Promise<__Name__StandIn> {
    const server = createServer({
      ca: caPem,
      cert: own.certificatePem,
      key: own.privateKeyPem,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const provider = new __Name__StandIn(server);
    server.on('request', (request, response) => void provider.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  next(...starts: readonly NextStart[]): void {
    this.#nextStarts.push(...starts);
  }

  closeShop(closed: boolean): void {
    this.#shopActive = !closed;
  }

  /** The purchases made for one payment of ours, oldest first. */
  purchasesOf(order: string): readonly Purchase[] {
    return this.ledger.filter((purchase) => purchase.order === order);
  }

  /** The buyer, or the provider, does something with a purchase. */
  set(id: string, status: string): void {
    const purchase = this.ledger.find((candidate) => candidate.id === id);
    if (purchase === undefined) throw new Error(`the provider knows no ${id}`);
    purchase.status = status;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const [, room, id] = (request.url ?? '').split('/');
    if (request.method === 'POST' && room === 'payments') this.#create(body, response);
    else if (room === 'payments') this.#show(id, response);
    else send(response, 200, { active: this.#shopActive });
  }

  #create(body: string, response: ServerResponse): void {
    const next = this.#nextStarts.shift();
    if (next === 'refused') return send(response, 422, { error: 'amount_too_large', message: 'Too much' });
    const { order, amount } = JSON.parse(body) as { order: string; amount: string };
    const id = `p-${this.ledger.length + 1}`;
    this.ledger.push({ id, order, amount, status: 'waiting' });
    if (next === 'answer_lost') response.socket?.destroy();
    else send(response, 201, { id, qr: `QR of ${id}`, ask_every: 1, scan_within: 10, confirm_within: 10 });
  }

  #show(id: string | undefined, response: ServerResponse): void {
    const purchase = this.ledger.find((candidate) => candidate.id === id);
    if (purchase === undefined) return send(response, 404, { error: 'unknown' });
    send(response, 200, { ...purchase, transaction: purchase.status === 'paid' ? `t-${purchase.id}` : null });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
