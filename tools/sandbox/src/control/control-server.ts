import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Bank } from '../bank/bank.ts';
import type { FaultBoard } from '../faults/fault-board.ts';
import { autopilotBody, faultBody, ledgerQuery } from './control-body.ts';
import { kaspiRoute } from './kaspi-route.ts';
import type { Answer, KaspiControl } from './kaspi-route.ts';
import { Refusal, checked, jsonBody } from './refusal.ts';

const LEDGER_PIECE_CHARACTERS = 64 * 1024;

export interface ControlParts extends KaspiControl {
  readonly faults: FaultBoard;
  readonly health: () => Record<string, unknown>;
  /** Everything that an operator has set goes back to what the start said. */
  readonly reset: () => Promise<void>;
  readonly report: (problem: unknown) => void;
}

/** The control interface (plain HTTP, loopback only): the hands of buyers and of the bank, faults, the ledger. */
export function controlServer(parts: ControlParts): Server {
  return createServer((request, response) => {
    handle(parts, request, response).catch((problem: unknown) => {
      parts.report(problem);
      response.destroy();
    });
  });
}

async function handle(parts: ControlParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  try {
    if (request.method === 'GET' && url.pathname === '/ledger') return await ledger(parts.bank, url, response);
    const { status, body } = await act(parts, request, url);
    send(response, status, body);
  } catch (problem) {
    if (!(problem instanceof Refusal)) throw problem;
    send(response, problem.status, problem.body);
  }
}

async function act(parts: ControlParts, request: IncomingMessage, url: URL): Promise<Answer> {
  const { bank, faults, health, reset } = parts;
  switch (`${request.method ?? ''} ${url.pathname}`) {
    case 'GET /health':
      return { status: 200, body: health() };
    case 'PUT /autopilot': {
      const { kaspi } = await jsonBody(request, autopilotBody);
      const { scan_ms: scanMs = 0, confirm_ms: confirmMs = 0 } = kaspi ?? {};
      const { return_scan_ms: returnScanMs = null, invoice_pay_ms: invoicePayMs = null } = kaspi ?? {};
      bank.setAutopilot(kaspi === null ? null : { scanMs, confirmMs, returnScanMs, invoicePayMs });
      return { status: 200, body: { kaspi } };
    }
    case 'GET /faults':
      return { status: 200, body: { faults: faults.list } };
    case 'PUT /faults': {
      const full = { code: 'too_many_faults', detail: 'The board is full; DELETE /faults empties it.' };
      if (!faults.put(await jsonBody(request, faultBody))) throw new Refusal(409, full);
      return { status: 200, body: { faults: faults.list } };
    }
    case 'DELETE /faults':
      faults.clear();
      return { status: 200, body: { faults: [] } };
    case 'POST /reset':
      await reset();
      return { status: 200, body: { reset: true } };
    default:
      return kaspiRoute(parts, request, url.pathname);
  }
}

/** Written piece by piece, because the books of a long measurement do not fit into one text. */
async function ledger(bank: Bank, url: URL, response: ServerResponse): Promise<void> {
  const { since } = checked(ledgerQuery, Object.fromEntries(url.searchParams));
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
  try {
    await pipeline(Readable.from(ledgerPieces(bank, since)), response);
  } catch (problem) {
    // Whoever asked may go away before the end.
    if (!response.destroyed) throw problem;
  }
}

function* ledgerPieces(bank: Bank, since: number): Generator<string> {
  let piece = '[';
  let separator = '';
  for (const row of bank.ledger(since)) {
    piece += separator + JSON.stringify(row);
    separator = ',';
    if (piece.length < LEDGER_PIECE_CHARACTERS) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}]`;
}

function send(response: ServerResponse, status: number, value: unknown): void {
  const text = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': text.length });
  response.end(text);
}
