import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bank } from '../bank/bank.ts';
import { addCall } from '../bank/ledger-row.ts';
import type { LedgerCall } from '../bank/ledger-row.ts';
import { STATUS_CODE } from '../bank/status-code.ts';
import type { FaultBoard, FaultSubject } from '../faults/fault-board.ts';
import type { ShapeFault, TransportFault } from '../faults/fault.ts';
import { readBody } from '../read-body.ts';
import type { Delivery } from './delivery.ts';
import { envelope } from './envelope.ts';
import { UnreadableRequest, lowerCaseParameters, queryParameters } from './parameters.ts';
import type { Parameters } from './parameters.ts';
import type { R3Reply } from './r3-method.ts';
import { route } from './route.ts';
import type { Route } from './route.ts';

const MAX_BODY_BYTES = 256 * 1024;

export interface R3Counts {
  requests: number;
  unreadable: number;
  unknown_paths: number;
  polls_too_early: number;
}

/** Answers the bank's HTTP requests: reads, lets the switchboard choose, asks the method, delivers, keeps the call. */
export class R3Requests {
  readonly counts: R3Counts = { requests: 0, unreadable: 0, unknown_paths: 0, polls_too_early: 0 };
  private turn = 0;

  constructor(
    private readonly bank: Bank,
    private readonly faults: FaultBoard,
    private readonly delivery: Delivery,
    private readonly report: (problem: unknown) => void,
  ) {}

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrivedAtMs = this.bank.clock.now();
    this.counts.requests += 1;
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const found = route(path);
    if (found === undefined) {
      this.counts.unknown_paths += 1;
      request.resume();
      return this.delivery.html(response, 404, '404 Not Found');
    }
    if (request.method !== found.method.verb) {
      request.resume();
      return this.delivery.html(response, 405, '405 Method Not Allowed');
    }
    const body = found.method.verb === 'POST' ? await readBody(request, MAX_BODY_BYTES) : '';
    if (body === undefined) {
      response.once('finish', () => request.destroy());
      return this.delivery.html(response, 413, '413 Request Entity Too Large');
    }
    try {
      const parameters = { ...readParameters(found, request, body, query), ...found.fromPath };
      this.answer(found, parameters, arrivedAtMs, response);
    } catch (problem) {
      if (!(problem instanceof UnreadableRequest)) {
        this.report(problem);
        return this.delivery.json(response, 200, this.text({ code: STATUS_CODE.unavailable }, false));
      }
      this.counts.unreadable += 1;
      this.delivery.json(response, 400, JSON.stringify({ message: problem.message }));
    }
  }

  private answer(found: Route, parameters: Parameters, arrivedAtMs: number, response: ServerResponse): void {
    const { name } = found.method;
    const { transport, shapes } = this.faults.choose(name, () => this.subject(parameters));
    if (transport !== undefined && this.refuse(transport, parameters, name, arrivedAtMs, response)) return;
    const reply = found.method.answer(parameters, {
      bank: this.bank,
      arrivedAtMs,
      version: found.version,
      seen: transport === undefined,
      shapes,
      tooEarly: () => {
        this.counts.polls_too_early += 1;
      },
    });
    this.deliver(reply, name, arrivedAtMs, transport, shapes, response);
  }

  /** Faults that strike before the bank acts; true where the call is over with them. */
  private refuse(
    fault: TransportFault,
    parameters: Parameters,
    call: string,
    arrivedAtMs: number,
    response: ServerResponse,
  ): boolean {
    if (!['lost_before', 'http_500', 'http_503', 'html', 'status_code'].includes(fault.kind)) return false;
    const purchase = this.bank.state.purchases.get(Number(parameters['qrpaymentid']));
    const answered = fault.kind !== 'lost_before';
    if (purchase !== undefined) {
      const answeredAtMs = answered ? arrivedAtMs : null;
      addCall(purchase.calls, { atMs: arrivedAtMs, call, answered, answeredAtMs, status: null });
    }
    if (fault.kind === 'status_code') this.delivery.json(response, 200, this.text({ code: fault.code }, false));
    else if (fault.kind === 'http_500') this.delivery.html(response, 500, '500 Internal Server Error');
    else if (fault.kind === 'http_503') this.delivery.html(response, 503, '503 Service Unavailable');
    else if (fault.kind === 'html') this.delivery.html(response, 200, 'Технические работы');
    else this.delivery.cut(response);
    return true;
  }

  private deliver(
    reply: R3Reply,
    name: string,
    arrivedAtMs: number,
    transport: TransportFault | undefined,
    shapes: ReadonlySet<ShapeFault>,
    response: ServerResponse,
  ): void {
    const call: LedgerCall = {
      atMs: arrivedAtMs,
      call: name,
      answered: false,
      answeredAtMs: null,
      status: reply.status ?? null,
    };
    const begun = (): void => {
      call.answered = true;
      call.answeredAtMs = this.bank.clock.now();
    };
    const understood = transport === undefined || transport.kind === 'delay' || transport.kind === 'drip';
    this.keep(reply, call, understood, transport !== undefined, response);
    if (reply.transport === 'silence') return this.delivery.silence(response);
    if (reply.transport === 'cut') return this.delivery.cut(response);
    const text = this.text(reply, shapes.has('no_message'));
    if (transport !== undefined) return this.delivery.broken(response, text, transport, begun);
    begun();
    this.delivery.json(response, 200, text);
  }

  /** Writes the call into its rows; what became of the answer is known when the response closes. */
  private keep(reply: R3Reply, call: LedgerCall, understood: boolean, late: boolean, response: ServerResponse): void {
    const { purchase, refund } = reply;
    if (purchase === undefined) return;
    addCall(purchase.calls, call);
    if (refund !== undefined) addCall(refund.calls, call);
    response.once('close', () => {
      call.answered = call.answered && understood && response.writableFinished;
      try {
        this.settle(call, reply, late);
      } catch (problem) {
        this.report(problem);
      }
    });
  }

  private settle(call: LedgerCall, { purchase, refund }: R3Reply, late: boolean): void {
    if (purchase === undefined) return;
    if (call.call === 'qr/create') {
      if (!call.answered) this.bank.loseQr(purchase);
      else if (late) this.bank.showQr(purchase);
    }
    this.bank.keepCall(call, purchase, refund);
  }

  private text(reply: R3Reply, noMessage: boolean): string {
    this.turn += 1;
    return envelope(reply, noMessage, this.turn);
  }

  private subject(parameters: Parameters): FaultSubject {
    const id = parameters['qrpaymentid'];
    const purchase = this.bank.state.purchases.get(Number(id));
    const amount = parameters['amount'] ?? (purchase === undefined ? undefined : purchase.amountMinor / 100);
    const bin = parameters['organizationbin'] ?? purchase?.bin;
    return {
      amount: amount === undefined ? undefined : Number(amount),
      bin: bin === undefined ? undefined : String(bin),
      id: id === undefined || id === null ? undefined : String(id).trim(),
    };
  }
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
