import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { z } from 'zod';
import type { Bank } from '../bank/bank.ts';
import type { BuyerStep } from '../bank/purchase-life.ts';
import type { FaultBoard } from '../faults/fault-board.ts';
import { readBody } from '../read-body.ts';
import { autopilotBody, faultBody, ledgerQuery } from './control-body.ts';

const MAX_BODY_BYTES = 64 * 1024;
const LEDGER_PIECE_CHARACTERS = 64 * 1024;

export interface ControlParts {
  readonly bank: Bank;
  readonly faults: FaultBoard;
  readonly health: () => Record<string, unknown>;
  readonly report: (problem: unknown) => void;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: { code: string; detail: string; errors?: { field: string; message: string }[] },
  ) {
    super(body.detail);
  }
}

/** The control interface (plain HTTP, loopback only): the buyer's hands, faults, the ledger. */
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

async function act({ bank, faults, health }: ControlParts, request: IncomingMessage, url: URL): Promise<Answer> {
  switch (`${request.method ?? ''} ${url.pathname}`) {
    case 'GET /health':
      return { status: 200, body: health() };
    case 'PUT /autopilot': {
      const { kaspi } = await body(request, autopilotBody);
      bank.setAutopilot(kaspi === null ? null : { scanMs: kaspi.scan_ms, confirmMs: kaspi.confirm_ms });
      return { status: 200, body: { kaspi } };
    }
    case 'GET /faults':
      return { status: 200, body: { faults: faults.list } };
    case 'PUT /faults': {
      const full = { code: 'too_many_faults', detail: 'The board is full; DELETE /faults empties it.' };
      if (!faults.put(await body(request, faultBody))) throw new Refusal(409, full);
      return { status: 200, body: { faults: faults.list } };
    }
    case 'DELETE /faults':
      faults.clear();
      return { status: 200, body: { faults: [] } };
    case 'POST /reset':
      bank.reset();
      faults.clear();
      return { status: 200, body: { reset: true } };
    default:
      return hand(bank, request.method ?? '', url.pathname);
  }
}

function hand(bank: Bank, method: string, path: string): Answer {
  const found = /^\/kaspi\/payments\/(\d{1,15})\/(scan|confirm|scanerror|confirmerror)$/.exec(path);
  if (found === null || method !== 'POST') {
    throw new Refusal(404, { code: 'not_found', detail: `There is no ${method} ${path} here.` });
  }
  const purchase = bank.purchase(Number(found[1]));
  if (purchase === undefined) {
    throw new Refusal(404, { code: 'not_found', detail: `The bank knows no purchase ${found[1] ?? ''}.` });
  }
  const step = found[2] as Exclude<BuyerStep, 'pay_late'>;
  if (!bank.takeStep(purchase, step)) {
    const { status, deadAtMs } = purchase.life;
    const detail = `${step} is not possible in ${status}${deadAtMs === null ? '' : ' after the automatic cancel'}.`;
    throw new Refusal(409, { code: 'wrong_status', detail });
  }
  return { status: 200, body: { id: String(purchase.id), status: purchase.life.status } };
}

async function body<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const text = await readBody(request, MAX_BODY_BYTES);
  if (text === undefined) throw new Refusal(413, { code: 'too_long', detail: 'The body is too long.' });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal(400, { code: 'not_json', detail: 'The body is not JSON.' });
  }
  return checked(schema, value);
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const errors = read.error.issues.map((issue) => ({
    field: issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue.path.join('.'),
    message: issue.message,
  }));
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  throw new Refusal(400, { code: 'invalid', detail, errors });
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
