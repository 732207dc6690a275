import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '@tolem/sandbox';
import { startTraceCollector, type TestDatabase, type TraceCollector, waitFor } from '@tolem/testing';
import { type Chain, onboard } from './chain.ts';
import { House } from './house.ts';
import { houseDatabase, houseEnvironment } from './house-database.ts';

describe('one trace from the till to the waiting till', () => {
  let folder: string;
  let database: TestDatabase;
  let bank: Sandbox;
  let house: House;
  let chain: Chain;
  let traces: TraceCollector;
  let management: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tolem-trace-'));
    [database, bank, traces] = await Promise.all([
      houseDatabase(),
      startSandbox({ dataFolder: folder, controlPort: 0, r3Port: 0, timers: 'local' }),
      startTraceCollector(),
    ]);
    house = new House({ ...houseEnvironment(database, bank.r3Url), TOLEM_OTLP_URL: traces.url });
    chain = await onboard(await house.start(), bank.tls);
    management = `http://127.0.0.1:${house.managementPort}`;
  }, 240_000);

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
