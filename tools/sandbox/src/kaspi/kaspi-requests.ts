import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bank } from '../bank/bank.ts';
import { STATUS_CODE } from '../bank/status-code.ts';
import type { FaultBoard, FaultSubject } from '../faults/fault-board.ts';
import type { ShapeFault } from '../faults/fault.ts';
import { readBody } from '../read-body.ts';
import { AnswerKeeper } from './answer-keeper.ts';
import { callerOf } from './caller.ts';
import type { Caller } from './caller.ts';
import { ClientInfoLimit } from './client-info-limit.ts';
import type { Delivery } from './delivery.ts';
import { envelope } from './envelope.ts';
import type { BadManners, KaspiReply } from './kaspi-method.ts';
import { UnreadableRequest, lowerCaseParameters, queryParameters } from './parameters.ts';
import type { Parameters } from './parameters.ts';
import { route } from './route.ts';
import type { Route } from './route.ts';
import type { SchemeName } from './schemes.ts';
import type { Switches } from './switches.ts';

const MAX_BODY_BYTES = 256 * 1024;

export type RequestCounts = Record<
  BadManners | 'requests' | 'unreadable' | 'unknown_paths' | 'unknown_callers',
  number
>;

/** One request on its way through the bank. */
interface Call {
  readonly scheme: SchemeName;
  readonly found: Route;
  readonly parameters: Parameters;
  readonly bin: string | null;
  readonly arrivedAtMs: number;
}

export interface RequestParts {
  readonly bank: Bank;
  readonly faults: FaultBoard;
  readonly switches: Switches;
  readonly delivery: Delivery;
  readonly report: (problem: unknown) => void;
}

/** Answers the bank's HTTP requests: reads, lets the switchboard choose, asks the method, delivers, keeps the call. */
export class KaspiRequests {
  readonly counts: RequestCounts = {
    requests: 0,
    unreadable: 0,
    unknown_paths: 0,
    unknown_callers: 0,
    polls_too_early: 0,
    invoice_polls: 0,
    invoice_polls_by_timer: 0,
    invoice_polls_punished: 0,
    client_info_over_limit: 0,
  };
  readonly clientInfoLimit = new ClientInfoLimit();
  private readonly keeper: AnswerKeeper;
  private turn = 0;

  constructor(private readonly parts: RequestParts) {
    this.keeper = new AnswerKeeper(parts.bank, parts.report);
  }

  async handle(scheme: SchemeName, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { bank, delivery } = this.parts;
    const arrivedAtMs = bank.clock.now();
    this.counts.requests += 1;
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const found = route(scheme, path);
    if (found === undefined) {
      this.counts.unknown_paths += 1;
      request.resume();
      return delivery.html(response, 404, '404 Not Found');
    }
    if (request.method !== found.method.verb) {
      request.resume();
      return delivery.html(response, 405, '405 Method Not Allowed');
    }
    const body = found.method.verb === 'POST' ? await readBody(request, MAX_BODY_BYTES) : '';
    if (body === undefined) {
      response.once('finish', () => request.destroy());
      return delivery.html(response, 413, '413 Request Entity Too Large');
    }
    try {
      this.admit(request);
      const parameters = { ...readParameters(found, request, body, query), ...found.fromPath };
      const caller = callerOf(bank, scheme, request);
      const bin = caller.ok ? caller.bin : null;
      this.answer({ scheme, found, parameters, bin, arrivedAtMs }, caller, response);
    } catch (problem) {
      this.apologize(problem, response);
    }
  }

  private admit(request: IncomingMessage): void {
    if (!this.parts.switches.values.requestIdRequired) return;
    const id = request.headers['x-request-id'];
    if (typeof id !== 'string' || id.trim() === '') throw new UnreadableRequest('The header X-Request-ID is missing.');
  }

  private apologize(problem: unknown, response: ServerResponse): void {
    if (!(problem instanceof UnreadableRequest)) {
      this.parts.report(problem);
      return this.parts.delivery.json(response, 200, this.text({ code: STATUS_CODE.unavailable }));
    }
    this.counts.unreadable += 1;
    this.parts.delivery.json(response, 400, JSON.stringify({ message: problem.message }));
  }

  private answer(call: Call, caller: Caller, response: ServerResponse): void {
    const { bank, faults, delivery, switches } = this.parts;
    const { found, parameters, arrivedAtMs } = call;
    const { transport, shapes } = faults.choose(found.method.name, () => this.subject(call));
    const keeping = { name: found.method.name, arrivedAtMs, transport };
    if (transport !== undefined) {
      const code = transport.kind === 'status_code' ? transport.code : STATUS_CODE.ok;
      const text = (): string => this.text({ code }, shapes);
      if (delivery.refusal(response, transport, text)) return this.keeper.refused(keeping, subjectId(parameters));
    }
    if (!caller.ok) {
      this.counts.unknown_callers += 1;
      return delivery.json(response, 200, this.text({ code: STATUS_CODE.noCredential }, shapes));
    }
    const reply = found.method.answer(parameters, {
      bank,
      scheme: call.scheme,
      bin: call.bin,
      arrivedAtMs,
      version: found.version,
      seen: transport === undefined,
      shapes,
      switches: switches.values,
      clientInfoLimit: this.clientInfoLimit,
      count: (what) => {
        this.counts[what] += 1;
      },
    });
    const begun = this.keeper.keep(keeping, reply, response);
    if (reply.transport === 'silence') return delivery.silence(response);
    if (reply.transport === 'cut') return delivery.cut(response);
    const text = this.text(reply, shapes);
    if (transport !== undefined) return delivery.broken(response, text, transport, begun);
    begun();
    delivery.json(response, 200, text);
  }

  private text(reply: KaspiReply, shapes?: ReadonlySet<ShapeFault>): string {
    this.turn += 1;
    const form =
      shapes?.has('no_message') === true ? 'absent' : shapes?.has('empty_message') === true ? 'empty' : 'told';
    return envelope(reply, form, this.turn);
  }

  private subject({ scheme, parameters, bin }: Call): FaultSubject {
    const id = subjectId(parameters);
    const purchase = this.parts.bank.state.purchases.get(Number(id));
    const amount = parameters['amount'] ?? (purchase === undefined ? undefined : purchase.amountMinor / 100);
    const about = parameters['organizationbin'] ?? bin ?? purchase?.bin;
    return {
      scheme,
      amount: amount === undefined ? undefined : Number(amount),
      bin: about === undefined ? undefined : String(about),
      id,
    };
  }
}

/** The purchase or refund code that a request names. */
function subjectId(parameters: Parameters): string | undefined {
  const id = parameters['qrpaymentid'] ?? parameters['qrreturnid'];
  return id === undefined || id === null ? undefined : String(id).trim();
}

function readParameters(found: Route, request: IncomingMessage, body: string, query: string): Parameters {
  if (found.method.verb === 'GET') return queryParameters(new URLSearchParams(query));
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new UnreadableRequest('The Content-Type must be application/json.');
  }
  try {
    return lowerCaseParameters(JSON.parse(body));
  } catch (problem) {
    throw problem instanceof UnreadableRequest ? problem : new UnreadableRequest('The body is not JSON.');
  }
}
