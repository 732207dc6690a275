import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '@tolem/sandbox';
import { type TestDatabase, waitFor } from '@tolem/testing';
import { type Chain, onboard } from './chain.ts';
import { House } from './house.ts';
import { houseDatabase, houseEnvironment } from './house-database.ts';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}

/** A collector of traces: OTLP over HTTP in JSON. */
async function collector(): Promise<{ url: string; spans: Span[]; text: () => string; close: () => void }> {
  const spans: Span[] = [];
  const bodies: string[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      bodies.push(body);
      const parsed = JSON.parse(body) as Export;
      spans.push(...parsed.resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans)));
      response.setHeader('content-type', 'application/json');
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, spans, text: () => bodies.join('\n'), close: () => server.close() };
}

describe('one trace from the till to the waiting till', () => {
  let folder: string;
  let database: TestDatabase;
  let bank: Sandbox;
  let house: House;
  let chain: Chain;
  let traces: Awaited<ReturnType<typeof collector>>;
  let management: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tolem-trace-'));
    [database, bank, traces] = await Promise.all([
      houseDatabase(),
      startSandbox({ dataFolder: folder, controlPort: 0, r3Port: 0, timers: 'local' }),
      collector(),
    ]);
    house = new House({ ...houseEnvironment(database, bank.r3Url), TOLEM_OTLP_URL: traces.url });
    chain = await onboard(await house.start(), bank.tls);
    management = `http://127.0.0.1:${house.managementPort}`;
  }, 60_000);

  afterAll(async () => {
    await house?.kill('SIGTERM');
    traces?.close();
    await bank?.close();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('goes through request, command, bank and wake-up, under the trace that the chain began', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const created = await chain.pay(149_000, 'traced', 25, 'desk-01', {
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    });
    expect(created.headers.get('traceparent')).toContain(traceId);
    await waitFor('the money', async () => (await chain.payment(created.body.id, 5)).status === 'succeeded');
    const names = await waitFor('the spans', () => {
      const ours = new Set(traces.spans.filter((span) => span.traceId === traceId).map((span) => span.name));
      const wanted = ['POST /v1/payments', 'payment.start', 'kaspi kaspi_qr start', 'payment.check', 'payment.applied'];
      return wanted.every((name) => ours.has(name)) ? ours : undefined;
    });
    expect(names).toContain('kaspi kaspi_qr check');
  });

  it('and the metrics page tells operators what is open, how late questions are and how the bank answers', async () => {
    const page = await (await fetch(`${management}/metrics`)).text();
    expect(page).toMatch(
      /tolem_provider_call_seconds_count\{provider="kaspi",call="kaspi_qr start",outcome="started"\} \d/,
    );
    expect(page).toMatch(/tolem_poll_lateness_seconds_count\{provider="kaspi"\} \d/);
    expect(page).toMatch(/tolem_outbox_oldest_seconds\{service="kaspi"\} \d/);
    expect(page).toMatch(/tolem_payments_open\{status="requires_customer"\} \d/);
    expect(page).toMatch(/tolem_attention_open\{kind="unknown"\} 0/);
    expect(page).toMatch(/tolem_http_request_seconds_count\{method="POST",route="\/v1\/payments",status="201"\} 1/);
    expect(page).toMatch(/tolem_egress_breaker\{[^}]*\} 0/);
    expect(page).toMatch(/tolem_bus_messages\{consumer="gateway",state="queued"\} \d/);
  });

  it('with no secret in any span or metric', async () => {
    const page = await (await fetch(`${management}/metrics`)).text();
    for (const text of [traces.text(), page]) {
      expect(text).not.toMatch(/tlm_(test|op|live)_[0-9a-z]{10}/i);
      expect(text).not.toContain('PRIVATE KEY');
    }
  });
});
