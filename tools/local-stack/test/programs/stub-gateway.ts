import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** One request as the stub saw it. */
export interface SeenRequest {
  method: string;
  path: string;
  key: string;
  idempotencyKey: string;
  body: Record<string, unknown>;
}

export interface StubGateway {
  url: string;
  seen: SeenRequest[];
  close(): Promise<void>;
}

export interface StubOptions {
  port?: number;
  operatorKey: string;
  /** States that a payment passes after its creation, one per question. */
  story?: readonly string[];
  /** Called for every request before it is answered; true if it has answered by itself. */
  intercept?: (request: SeenRequest, answer: (status: number, body: unknown) => void) => boolean;
}

const TENANT_KEY = 'tlm_test_stub';
const TILL: Record<string, string> = {
  requires_customer: 'Show the QR to the buyer',
  processing: 'The buyer confirms in the application',
  succeeded: 'Paid',
  declined: 'Not paid',
};

/** The public API's documented answers, as far as onboarding and demo use them; a real HTTP server without a memory of money. */
export async function startStubGateway(options: StubOptions): Promise<StubGateway> {
  const seen: SeenRequest[] = [];
  const made = new Map<string, string>();
  const told = new Map<string, number>();
  const story = options.story ?? ['processing', 'succeeded'];

  const madeId = (prefix: string, request: SeenRequest): { id: string; repeated: boolean } => {
    const scope = `${request.path} ${request.idempotencyKey}`;
    const known = made.get(scope);
    const id = known ?? `${prefix}_${String(made.size + 1).padStart(26, '0')}`;
    made.set(scope, id);
    return { id, repeated: known !== undefined };
  };

  const payment = (id: string, status: string, version: number): unknown => ({
    id,
    object: 'payment',
    status,
    version,
    method: { type: 'kaspi_qr', payment_methods: ['Gold', 'Red', 'Loan'] },
    next_action:
      status === 'requires_customer' ? { type: 'show_qr', qr: '10000000000000000000000000000000000000017' } : null,
    till: { screen: 'show_qr', message: { ru: '', kk: '', en: TILL[status] ?? status } },
    failure: status === 'declined' ? { code: 'declined', provider_code: 'Error' } : null,
  });

  const route = (request: SeenRequest, answer: (status: number, body: unknown) => void): void => {
    const { method, path } = request;
    const problem = (status: number, code: string, detail: string): void =>
      answer(status, { type: 'about:blank', title: code, status, code, detail, request_id: 'req_1' });
    const operatorOnly = path === '/v1/tenants' || path.startsWith('/v1/certificates');
    if (request.key !== (operatorOnly ? options.operatorKey : TENANT_KEY))
      return problem(401, 'unauthorized', 'The key is not known.');
    if (method === 'POST' && request.idempotencyKey === '')
      return problem(400, 'idempotency_key_required', 'Send an Idempotency-Key.');
    if (path === '/v1/tenants') {
      const { id, repeated } = madeId('ten', request);
      return answer(repeated ? 200 : 201, { id, api_key: { id: 'key_1', secret: repeated ? null : TENANT_KEY } });
    }
    if (path === '/v1/certificates') return answer(201, { id: madeId('crt', request).id });
    if (method === 'PUT' && path.includes('/grants/')) return answer(200, {});
    if (method === 'POST' && path === '/v1/organizations') return answer(201, { id: madeId('org', request).id });
    if (method === 'GET' && path.startsWith('/v1/organizations?')) return answer(200, { data: [] });
    if (path.endsWith('/connections')) return answer(201, { id: madeId('con', request).id, status: 'pending' });
    if (path.endsWith('/trade_points'))
      return answer(200, { object: 'list', data: [{ id: 'tp_1' }, { id: 'tp_2' }], has_more: false });
    if (path === '/v1/desks') return answer(201, { id: madeId('dsk', request).id });
    if (path.startsWith('/v1/connections/')) {
      const asked = (told.get(path) ?? 0) + 1;
      told.set(path, asked);
      return answer(200, { id: path.split('/').at(-1), status: asked < 2 ? 'pending' : 'verified' });
    }
    if (method === 'POST' && path.startsWith('/v1/payments')) {
      return answer(201, payment(madeId('pay', request).id, 'requires_customer', 1));
    }
    if (method === 'GET' && path.startsWith('/v1/payments/')) {
      const id = path.slice('/v1/payments/'.length).split('?')[0] ?? '';
      const asked = told.get(id) ?? 0;
      told.set(id, asked + 1);
      return answer(200, payment(id, story[Math.min(asked, story.length - 1)] ?? 'succeeded', asked + 2));
    }
    return problem(404, 'not_found', `There is no ${method} ${path}.`);
  };

  const server = createServer((incoming, outgoing) => {
    void read(incoming).then((request) => {
      seen.push(request);
      const answer = (status: number, body: unknown): void => reply(outgoing, status, body);
      if (options.intercept?.(request, answer) !== true) route(request, answer);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(incoming: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk as Uint8Array));
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    key: (incoming.headers.authorization ?? '').replace('Bearer ', ''),
    idempotencyKey: String(incoming.headers['idempotency-key'] ?? ''),
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

function reply(outgoing: ServerResponse, status: number, body: unknown): void {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  outgoing.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}
