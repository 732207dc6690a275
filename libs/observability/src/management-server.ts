import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Health, HealthReport } from './health.ts';

export interface ManagementServerOptions {
  /** 0 takes a free one. */
  port: number;
  host: string;
  health: Pick<Health, 'live' | 'ready'>;
}

export interface ManagementServer {
  port: number;
  close(): Promise<void>;
}

/**
 * `GET /livez` and `GET /readyz` for whoever runs the process: 200 or 503 and `{ ok, checks: [{ name, ok, ms, reason? }] }`.
 * It listens apart from the API and is not meant for the outside. Rejects when the port cannot be had.
 */
export async function startManagementServer(options: ManagementServerOptions): Promise<ManagementServer> {
  const { health } = options;
  const routes: Record<string, () => Promise<HealthReport>> = {
    '/livez': () => health.live(),
    '/readyz': () => health.ready(),
  };
  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000, keepAliveTimeout: 5_000 },
    (request, answer) => {
      const path = request.url?.split('?')[0] ?? '';
      const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
      request.resume();
      if (route === undefined) return send(answer, 404, { error: 'there are /livez and /readyz' });
      if (request.method !== 'GET' && request.method !== 'HEAD') return send(answer, 405, { error: 'GET only' });
      route().then(
        (report) => send(answer, report.ok ? 200 : 503, report),
        () => send(answer, 503, { ok: false, checks: [] }),
      );
    },
  );
  server.maxConnections = 100;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(answer: ServerResponse, status: number, body: object): void {
  answer.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  answer.end(JSON.stringify(body));
}
