import type { ServerResponse } from 'node:http';
import type { TransportFault } from '../faults/fault.ts';

export interface DeliveryOptions {
  /** How long a silent answer keeps its connection before it is cut. */
  readonly silenceCutMs: number;
  /** Pause between two bytes of a dripping answer. */
  readonly dripMs: number;
}

const HTML_TYPE = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

/** Brings answers to the wire, whole or broken, and ends what is still pending when the bank closes. */
export class Delivery {
  private readonly pending = new Set<NodeJS.Timeout>();

  constructor(private readonly options: DeliveryOptions) {}

  /** Connections that are being kept waiting right now. */
  get held(): number {
    return this.pending.size;
  }

  json(response: ServerResponse, status: number, text: string): void {
    send(response, status, JSON_TYPE, text);
  }

  html(response: ServerResponse, status: number, title: string): void {
    send(
      response,
      status,
      HTML_TYPE,
      `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
    );
  }

  /** Ends the connection without a byte of an answer. */
  cut(response: ServerResponse): void {
    response.socket?.destroy();
  }

  silence(response: ServerResponse): void {
    this.later(response, this.options.silenceCutMs, () => this.cut(response));
  }

  /** Faults that strike before the bank acts; true where the call is over with them. */
  refusal(response: ServerResponse, fault: TransportFault, envelopeText: () => string): boolean {
    switch (fault.kind) {
      case 'lost_before':
        this.cut(response);
        return true;
      case 'status_code':
        this.json(response, 200, envelopeText());
        return true;
      case 'http_400':
        this.json(response, 400, JSON.stringify({ message: 'Bad Request' }));
        return true;
      case 'http_401':
        this.html(response, 401, '401 Unauthorized');
        return true;
      case 'http_500':
        this.html(response, 500, '500 Internal Server Error');
        return true;
      case 'http_503':
        this.html(response, 503, '503 Service Unavailable');
        return true;
      case 'html':
        this.html(response, 200, 'Технические работы');
        return true;
      default:
        return false;
    }
  }

  /** The answer of a call that the bank has carried out; `begun` runs when the first byte is handed over. */
  broken(response: ServerResponse, text: string, fault: TransportFault, begun: () => void): void {
    switch (fault.kind) {
      case 'delay':
        return this.later(response, fault.delayMs, () => {
          begun();
          this.json(response, 200, text);
        });
      case 'drip':
        begun();
        return this.drip(response, Buffer.from(text));
      case 'garbage':
        begun();
        return this.json(response, 200, `${text.slice(0, -1)},}`);
      case 'empty':
        begun();
        return this.json(response, 200, '');
      case 'cut':
        begun();
        return this.half(response, Buffer.from(text));
      case 'silence':
        return this.silence(response);
      default:
        return this.cut(response);
    }
  }

  close(): void {
    for (const timer of this.pending) clearTimeout(timer);
    this.pending.clear();
  }

  private half(response: ServerResponse, body: Buffer): void {
    response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': body.length });
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => this.cut(response));
  }

  private drip(response: ServerResponse, body: Buffer): void {
    response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': body.length });
    const next = (at: number): void => {
      if (at >= body.length) {
        response.end();
        return;
      }
      response.write(body.subarray(at, at + 1));
      this.later(response, this.options.dripMs, () => next(at + 1));
    };
    next(0);
  }

  private later(response: ServerResponse, afterMs: number, what: () => void): void {
    const timer = setTimeout(() => {
      this.pending.delete(timer);
      response.off('close', forget);
      what();
    }, afterMs);
    const forget = (): void => {
      clearTimeout(timer);
      this.pending.delete(timer);
    };
    this.pending.add(timer);
    response.once('close', forget);
  }
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  // As a text it leaves together with the headers, in one record of TLS.
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
