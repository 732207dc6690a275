import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import fc from 'fast-check';
import { Health, Metrics, registerProcessMetrics, startManagementServer } from './index.ts';
import type { ManagementServer } from './index.ts';

/** The samples of a page: `name{labels}` → value. */
function samples(page: string): Record<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

async function shown(metrics: Metrics): Promise<Record<string, number>> {
  return samples(await metrics.text());
}

describe('metrics', () => {
  it('count, measure and sort into buckets, with and without labels', async () => {
    const metrics = new Metrics();
    const started = metrics.counter({ name: 'tolem_payments_started_total', help: 'x', labels: ['provider', 'mode'] });
    started.inc({ provider: 'kaspi', mode: 'live' });
    started.add(2, { provider: 'kaspi', mode: 'live' });
    started.add(0, { provider: 'kaspi', mode: 'test' });
    metrics.counter({ name: 'tolem_sweeps_total', help: 'x' }).inc();
    const open = metrics.gauge({ name: 'tolem_payments_open', help: 'x' });
    open.set(5);
    open.add(-2);
    const latency = metrics.histogram({
      name: 'tolem_call_seconds',
      help: 'x',
      labels: ['outcome'],
      buckets: [0.1, 1],
    });
    latency.observe(0.05, { outcome: 'answered' });
    latency.observe(5, { outcome: 'answered' });
    expect(await shown(metrics)).toEqual({
      'tolem_payments_started_total{provider="kaspi",mode="live"}': 3,
      'tolem_payments_started_total{provider="kaspi",mode="test"}': 0,
      tolem_sweeps_total: 1,
      tolem_payments_open: 3,
      'tolem_call_seconds_bucket{le="0.1",outcome="answered"}': 1,
      'tolem_call_seconds_bucket{le="1",outcome="answered"}': 1,
      'tolem_call_seconds_bucket{le="+Inf",outcome="answered"}': 2,
      'tolem_call_seconds_sum{outcome="answered"}': 5.05,
      'tolem_call_seconds_count{outcome="answered"}': 2,
    });
  });

  it('two sets of metrics know nothing of each other', async () => {
    const one = new Metrics();
    one.counter({ name: 'tolem_sweeps_total', help: 'x' }).inc();
    expect(await shown(new Metrics())).toEqual({});
    expect(await shown(one)).toEqual({ tolem_sweeps_total: 1 });
  });

  it('a name asked for twice is one metric, and another kind, label or bucket under it is refused', async () => {
    const metrics = new Metrics();
    const shape = { name: 'tolem_calls_total', help: 'x', labels: ['provider'] } as const;
    metrics.counter(shape).inc({ provider: 'kaspi' });
    metrics.counter(shape).inc({ provider: 'kaspi' });
    expect(await shown(metrics)).toEqual({ 'tolem_calls_total{provider="kaspi"}': 2 });
    expect(() => metrics.counter({ ...shape, labels: ['mode'] })).toThrow(TypeError);
    const histogram = { name: 'tolem_wait_seconds', help: 'x' };
    metrics.histogram({ ...histogram, buckets: [1] });
    expect(() => metrics.histogram({ ...histogram, buckets: [2] })).toThrow(TypeError);
    expect(() => metrics.gauge(histogram)).toThrow(TypeError);
  });

  it.each([
    ['a foreign name', { name: 'payments_total', help: 'x' }],
    ['no help', { name: 'tolem_payments_total', help: ' ' }],
    ['a counter without _total', { name: 'tolem_payments', help: 'x' }],
    ['a label of the format itself', { name: 'tolem_payments_total', help: 'x', labels: ['le'] }],
    ['a label twice', { name: 'tolem_payments_total', help: 'x', labels: ['a', 'a'] }],
    ['a label that cannot be one', { name: 'tolem_payments_total', help: 'x', labels: ['Provider-Name'] }],
    ['a label whose values are secret', { name: 'tolem_payments_total', help: 'x', labels: ['customer_phone'] }],
  ])('refuse %s when they are made', (_, shape) => {
    expect(() => new Metrics().counter<string>(shape)).toThrow(TypeError);
  });

  it.each([[[]], [[1, 1]], [[2, 1]], [[Number.NaN]]])('refuse the buckets %p', (buckets) => {
    expect(() => new Metrics().histogram({ name: 'tolem_wait_seconds', help: 'x', buckets })).toThrow(TypeError);
  });
});

describe('counting never fails and never grows without bound', () => {
  it('sets of labels beyond the limit count as other, and none is lost', async () => {
    const metrics = new Metrics();
    const counter = metrics.counter({ name: 'tolem_calls_total', help: 'x', labels: ['path'], maxSeries: 3 });
    for (let n = 0; n < 10; n += 1) counter.inc({ path: `/payments/${n}` });
    counter.inc({ path: '/payments/0' });
    expect(await shown(metrics)).toEqual({
      'tolem_calls_total{path="/payments/0"}': 2,
      'tolem_calls_total{path="/payments/1"}': 1,
      'tolem_calls_total{path="/payments/2"}': 1,
      'tolem_calls_total{path="other"}': 7,
      'tolem_metrics_refused_total{metric="tolem_calls_total",reason="labels"}': 7,
    });
  });

  it('values that are none are left out and counted', async () => {
    const metrics = new Metrics();
    const counter = metrics.counter({ name: 'tolem_calls_total', help: 'x' });
    const gauge = metrics.gauge({ name: 'tolem_open', help: 'x' });
    const histogram = metrics.histogram({ name: 'tolem_wait_seconds', help: 'x', buckets: [1] });
    counter.add(-1);
    counter.add(Number.NaN);
    gauge.set(Number.POSITIVE_INFINITY);
    gauge.add(Number.NaN);
    histogram.observe(Number.NaN);
    expect(await shown(metrics)).toMatchObject({
      tolem_calls_total: 0,
      tolem_open: 0,
      tolem_wait_seconds_count: 0,
      'tolem_metrics_refused_total{metric="tolem_calls_total",reason="value"}': 2,
      'tolem_metrics_refused_total{metric="tolem_open",reason="value"}': 2,
      'tolem_metrics_refused_total{metric="tolem_wait_seconds",reason="value"}': 1,
    });
  });

  it('any label values make a page of one line per series, and what is planted in them does not show', async () => {
    const secret = fc.constantFrom(
      'tlm_live_5ecr3t',
      'Bearer 5ecr3t5ecr3t',
      'token=5ecr3t',
      '+77015553535',
      'a://u:5ecr3t@h',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.string({ unit: 'binary' }), secret), { maxLength: 20 }), async (values) => {
        const metrics = new Metrics();
        const counter = metrics.counter({ name: 'tolem_calls_total', help: 'x', labels: ['path'], maxSeries: 5 });
        for (const path of values) counter.inc({ path });
        const page = await metrics.text();
        expect(page).not.toMatch(/5ecr3t|5553535/);
        const lines = page.split('\n').filter((line) => line.startsWith('tolem_calls_total{'));
        expect(lines.length).toBeLessThanOrEqual(6);
        expect(lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)).toBe(values.length);
      }),
    );
  });
});

describe('what is looked up for the page', () => {
  it('is looked up anew for each page: a series that is gone is gone', async () => {
    const metrics = new Metrics();
    let states = ['open', 'unknown'];
    metrics.gauge({
      name: 'tolem_operations',
      help: 'x',
      labels: ['state'],
      collect: async (gauge) => {
        await Promise.resolve();
        for (const state of states) gauge.set(1, { state });
      },
    });
    expect(Object.keys(await shown(metrics))).toEqual([
      'tolem_operations{state="open"}',
      'tolem_operations{state="unknown"}',
    ]);
    states = ['open'];
    expect(Object.keys(await shown(metrics))).toEqual(['tolem_operations{state="open"}']);
  });

  it('fills several gauges with one question, and two services may fill one gauge', async () => {
    const metrics = new Metrics();
    for (const provider of ['kaspi', 'halyk']) {
      const open = metrics.gauge({ name: 'tolem_operations', help: 'x', labels: ['provider'] });
      const age = metrics.gauge({ name: 'tolem_operations_oldest_seconds', help: 'x', labels: ['provider'] });
      metrics.collector(`operations of ${provider}`, [open, age], () => {
        open.set(2, { provider });
        age.set(30, { provider });
      });
    }
    expect(await shown(metrics)).toEqual({
      'tolem_operations{provider="kaspi"}': 2,
      'tolem_operations{provider="halyk"}': 2,
      'tolem_operations_oldest_seconds{provider="kaspi"}': 30,
      'tolem_operations_oldest_seconds{provider="halyk"}': 30,
    });
    expect(() => metrics.collector('operations of kaspi', [], () => undefined)).toThrow(TypeError);
  });

  it('is missing when it fails or hangs, is counted, and does not break the page', async () => {
    const metrics = new Metrics();
    let broken = false;
    let started = 0;
    let comeBack: () => void = () => undefined;
    metrics.counter({ name: 'tolem_calls_total', help: 'x' }).inc();
    metrics.gauge({
      name: 'tolem_failing',
      help: 'x',
      collect: (gauge) => {
        gauge.set(1);
        if (broken) throw new Error('no database');
      },
    });
    metrics.gauge({
      name: 'tolem_hanging',
      help: 'x',
      collectTimeoutMs: 20,
      collect: (gauge) => {
        started += 1;
        gauge.set(1);
        return broken ? new Promise((resolve) => (comeBack = resolve)) : undefined;
      },
    });
    const well = { tolem_calls_total: 1, tolem_failing: 1, tolem_hanging: 1 };
    expect(await shown(metrics)).toEqual(well);
    broken = true;
    await shown(metrics);
    expect(await shown(metrics)).toEqual({
      tolem_calls_total: 1,
      'tolem_metrics_refused_total{metric="tolem_failing",reason="collect"}': 2,
      'tolem_metrics_refused_total{metric="tolem_hanging",reason="collect"}': 2,
    });
    expect(started).toBe(2);
    broken = false;
    comeBack();
    await new Promise((next) => setImmediate(next));
    expect(await shown(metrics)).toMatchObject(well);
  });

  it('is looked up once for pages that are asked for at the same time', async () => {
    const metrics = new Metrics();
    let asked = 0;
    metrics.collector('count', [], async () => {
      asked += 1;
      await new Promise((next) => setImmediate(next));
    });
    await Promise.all([metrics.text(), metrics.text(), metrics.text()]);
    expect(asked).toBe(1);
    await metrics.text();
    expect(asked).toBe(2);
  });
});

/** Lets the event loop turn freely for so long. */
async function turnsFor(ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until) await new Promise((next) => setImmediate(next));
}

describe('the metrics of the process', () => {
  it('tell lag, memory, CPU time and start; a blocked event loop shows', async () => {
    const metrics = new Metrics();
    const end = registerProcessMetrics(metrics);
    try {
      const page = await waitFor('the lag to show', async () => {
        // Pages begin anew, so each try blocks the loop for itself, between two looks of the monitor at it.
        await turnsFor(120);
        const blockedUntil = performance.now() + 300;
        while (performance.now() < blockedUntil);
        await turnsFor(120);
        const tried = await shown(metrics);
        return (tried['tolem_process_event_loop_lag_seconds{rank="worst"}'] ?? 0) > 0.1 ? tried : undefined;
      });
      expect(page['tolem_process_event_loop_lag_seconds{rank="worst"}']).toBeLessThan(10);
      expect(page['tolem_process_event_loop_lag_seconds{rank="median"}']).toBeGreaterThanOrEqual(0);
      expect(page.tolem_process_resident_memory_bytes).toBeGreaterThan(10_000_000);
      expect(page.tolem_process_heap_used_bytes).toBeGreaterThan(1_000_000);
      expect(page['tolem_process_cpu_seconds_total{mode="user"}']).toBeGreaterThan(0.1);
      const startedMs = (page.tolem_process_start_time_seconds ?? 0) * 1_000;
      expect(Math.abs(startedMs - (Date.now() - process.uptime() * 1_000))).toBeLessThan(60_000);
      const cpu = 'tolem_process_cpu_seconds_total{mode="user"}';
      const later = (await shown(metrics))[cpu];
      expect(later).toBeGreaterThanOrEqual(page[cpu] ?? Infinity);
      expect(later).toBeLessThanOrEqual(process.cpuUsage().user / 1e6 + 0.001);
      expect(() => registerProcessMetrics(metrics)).toThrow(TypeError);
    } finally {
      end();
    }
  });
});

describe('the management server', () => {
  let server: ManagementServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  it('shows the page under /metrics, in the format that Prometheus reads', async () => {
    const metrics = new Metrics();
    metrics.counter({ name: 'tolem_sweeps_total', help: 'Sweeps that ran.' }).inc();
    server = await startManagementServer({ port: 0, host: '127.0.0.1', health: new Health(), metrics });
    const url = `http://127.0.0.1:${server.port}/metrics`;
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toMatch(
      /^# HELP tolem_sweeps_total Sweeps that ran\.\n# TYPE tolem_sweeps_total counter\ntolem_sweeps_total 1\n/,
    );
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${url}/x`)).status).toBe(404);
  });

  it('answers when the metrics fail', async () => {
    const metrics = { contentType: 'text/plain', text: () => Promise.reject(new Error('no page')) };
    server = await startManagementServer({ port: 0, host: '127.0.0.1', health: new Health(), metrics });
    expect((await fetch(`http://127.0.0.1:${server.port}/metrics`)).status).toBe(503);
  });
});
