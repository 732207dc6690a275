import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Health, HealthReport } from './health.ts';
import type { Metrics } from './metrics.ts';

export interface ManagementServerOptions {
  /** 0 takes a free one. */
  port: number;
  host: string;
  health: Pick<Health, 'live' | 'ready'>;
  /** Shown under /metrics; without them there is no such page. */
  metrics?: Pick<Metrics, 'text' | 'contentType'>;
}

export interface ManagementServer {
  port: number;
  close(): Promise<void>;
}

interface Page {
  status: number;
  contentType: string;
  body: string;
}

/**
 * `GET /livez` and `GET /readyz` for whoever runs the process: 200 or 503 and `{ ok, checks: [{ name, ok, ms, reason? }] }`;
 * `GET /metrics` for Prometheus. It listens apart from the API and is not meant for the outside. Rejects when the port
 * cannot be had. A process whose event loop stands still answers nothing here: the prober's own deadline is that check.
 */
export async function startManagementServer(options: ManagementServerOptions): Promise<ManagementServer> {
  const { health, metrics } = options;
  const routes: Record<string, () => Promise<Page>> = {
    '/livez': async () => healthPage(await health.live()),
    '/readyz': async () => healthPage(await health.ready()),
    ...(metrics === undefined ? {} : { '/metrics': () => metricsPage(metrics) }),
  };
  const missing = json(404, { error: `there are ${Object.keys(routes).join(', ')}` });
  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000, keepAliveTimeout: 5_000 },
    (request, answer) => {
      const path = request.url?.split('?')[0] ?? '';
      const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
      request.resume();
      if (route === undefined) return send(answer, missing);
      if (request.method !== 'GET' && request.method !== 'HEAD') return send(answer, json(405, { error: 'GET only' }));
      route().then(
        (page) => send(answer, page),
        () => send(answer, json(503, { ok: false, checks: [] })),
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

function healthPage(report: HealthReport): Page {
  return json(report.ok ? 200 : 503, report);
}

async function metricsPage(metrics: Pick<Metrics, 'text' | 'contentType'>): Promise<Page> {
  return { status: 200, contentType: metrics.contentType, body: await metrics.text() };
}

function json(status: number, body: object): Page {
  return { status, contentType: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}

function send(answer: ServerResponse, { status, contentType, body }: Page): void {
  answer.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
  answer.end(body);
}
