import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '@tolem/sandbox';
import {
  CRASH_PRELOAD,
  CrashFile,
  startTraceCollector,
  type TestDatabase,
  type TraceCollector,
  waitFor,
} from '@tolem/testing';
import { type Chain, onboard } from './chain.ts';
import { House } from './house.ts';
import { houseDatabase, houseEnvironment } from './house-database.ts';

const FROM_THE_CHAIN = '00f067aa0ba902b7';
const WANTED = ['POST /v1/payments', 'payment.start', 'kaspi kaspi_qr start', 'payment.check', 'kaspi kaspi_qr check'];

describe('one trace from the till to the waiting till', () => {
  let folder: string;
  let database: TestDatabase;
  let bank: Sandbox;
  let house: House;
  let chain: Chain;
  let traces: TraceCollector;
  let management: string;
  let crash: CrashFile;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tolem-trace-'));
    [database, bank, traces] = await Promise.all([
      houseDatabase(),
      startSandbox({ dataFolder: folder, controlPort: 0, r3Port: 0, timers: 'local' }),
      startTraceCollector(),
    ]);
    crash = new CrashFile(folder);
    const environment = houseEnvironment(database, bank.r3Url);
    house = new House({ ...environment, TOLEM_OTLP_URL: traces.url, ...crash.environment }, CRASH_PRELOAD);
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

  /** Each span of a trace with the names of what it hangs under, as soon as there are enough of them. */
  function parentsIn(traceId: string, wanted: readonly string[]): Promise<readonly string[]> {
    return waitFor('the spans', () => {
      const ours = traces.spans.filter((span) => span.traceId === traceId);
      const nameOf = new Map(ours.map(({ spanId, name }) => [spanId, name]));
      const names = new Set(nameOf.values());
      if (!wanted.every((name) => names.has(name))) return undefined;
      return [
        ...new Set(ours.map(({ name, parentSpanId = '' }) => `${name} < ${nameOf.get(parentSpanId) ?? parentSpanId}`)),
      ];
    });
  }

  it('goes through request, command, bank and wake-up, under the trace that the chain began', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const created = await chain.pay(149_000, 'traced', 25, 'desk-01', {
      traceparent: `00-${traceId}-${FROM_THE_CHAIN}-01`,
    });
    expect(created.headers.get('traceparent')).toContain(traceId);
    await waitFor('the money', async () => (await chain.payment(created.body.id, 5)).status === 'succeeded');
    expect((await parentsIn(traceId, [...WANTED, 'payment.applied'])).toSorted()).toEqual([
      `POST /v1/payments < ${FROM_THE_CHAIN}`,
      'kaspi device register < payment.start',
      'kaspi kaspi_qr check < payment.check',
      'kaspi kaspi_qr start < payment.start',
      'payment.applied < payment.check',
      'payment.applied < payment.start',
      'payment.check < POST /v1/payments',
      'payment.start < POST /v1/payments',
    ]);
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

  it('goes on where a process died before it sent the message, which lay in the outbox', async () => {
    const traceId = '8c2f92f3577b34da6a3ce929d0e0e473';
    await crash.arm({ seam: 'publish', when: 'before', match: 'payment.start', nth: 1 }, house);
    const died = house.death();
    const traceparent = `00-${traceId}-${FROM_THE_CHAIN}-01`;
    const sale = chain.pay(150_000, 'relayed', 0, 'desk-01', { traceparent }).catch(() => undefined);
    expect(await waitFor('the process to die', () => died.signal)).toBe('SIGKILL');
    await sale;
    crash.disarm();
    chain.gateway = await house.start();
    // What the first process would have said of the request died with it: the message alone carries the trace on.
    const spans = await parentsIn(traceId, WANTED.slice(1));
    expect(spans).toEqual(
      expect.arrayContaining(['kaspi kaspi_qr start < payment.start', 'kaspi kaspi_qr check < payment.check']),
    );
    const request = spans.flatMap((span) => /^payment\.(?:start|check) < ([0-9a-f]{16})$/.exec(span)?.[1] ?? []);
    expect([new Set(request).size, request.length]).toEqual([1, 2]);
    expect(request).not.toContain(FROM_THE_CHAIN);
  });
});
