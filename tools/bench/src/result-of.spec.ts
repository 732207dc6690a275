import { describe, expect, it } from '@jest/globals';
import { benchResult } from './bench-result.ts';
import type { Measurement } from './measurement.ts';
import { resultOf } from './result-of.ts';

const about = { name: 'payments', mode: 'embedded', commit: 'abc1234', cores: 2 } as const;
const cpuMs = { standalone: 800, postgres: 400, sandbox: 200, load_generator: 100 };
const latency = { p50: 5, p95: 9, p99: 20 };
const measurement: Measurement = {
  operation: 'payment',
  goodRate: 50,
  notes: [],
  steps: [
    {
      ...{ rate: 50, sent: 1_000, ok: 1_000, errors: 0, firstError: null, generatorLateMs: 2, overflowed: false },
      ...{ createToQrMs: latency, lifeMs: latency, broken: [], cpuMs, wallMs: 22_000, othersCores: null },
    },
  ],
  run: {
    ...{ outcome: undefined, wallMs: 10_000, cpuMs, memoryMb: cpuMs, othersCores: 0.1, idleCpuMsPerSecond: cpuMs },
    ...{
      rate: 25,
      sent: 101,
      operations: 100,
      errors: 1,
      further: {},
      facts: [],
      rampOperations: 10,
      shared: undefined,
    },
    latencies: { create_to_qr: latency },
    counts: {
      statements: [
        { query: 'SELECT * FROM create_payment($1)', calls: 700, totalMs: 1, walRecords: 2_000 },
        { query: 'SELECT 1', calls: 250, totalMs: 1, walRecords: 0 },
      ],
      ...{ outboxRows: 330, progressEvents: 110, walBytes: 1_234_500 },
    },
  },
  profiled: undefined,
};

describe('the result file', () => {
  it('has exactly the published form, with every cost divided by what succeeded', () => {
    const result = resultOf(about, measurement);
    expect(benchResult.parse(result)).toEqual({
      name: 'payments',
      mode: 'embedded',
      commit: 'abc1234',
      cores: 2,
      good_rate: 50,
      steps: [{ rate: 50, sent: 1_000, ok: 1_000, errors: 0 }],
      latency_ms: { create_to_qr: latency, button_to_door: null, fact_to_till: null },
      cpu_ms_per_payment: {
        ...{ standalone: 8, postgres: 4, sandbox: 2, load_generator: 1 },
        total_ours_and_stores: 12,
      },
      rss_mb: cpuMs,
      per_payment: { round_trips: 7, reads: 2.5, messages: 4, bytes: 12_345 },
      errors: 1,
    });
  });

  it('says null, not zero, for whatever could not be measured', () => {
    const { run } = measurement;
    if (run === undefined) throw new Error('there was a run');
    const blind = { ...run, cpuMs: { ...cpuMs, postgres: null }, counts: { ...run.counts, statements: null } };
    expect(resultOf(about, { ...measurement, run: blind })).toMatchObject({
      cpu_ms_per_payment: { postgres: null, total_ours_and_stores: null },
      per_payment: { round_trips: null, reads: null },
    });
    expect(resultOf(about, { ...measurement, run: undefined, goodRate: 0 })).toMatchObject({
      good_rate: 0,
      latency_ms: { create_to_qr: null },
      cpu_ms_per_payment: {},
      per_payment: { messages: null, bytes: null },
    });
    const nothingSucceeded = { ...measurement, run: { ...run, operations: 0 } };
    expect(resultOf(about, nothingSucceeded).cpu_ms_per_payment['standalone']).toBeNull();
  });

  it('shows a run without steps as its only step', () => {
    expect(resultOf(about, { ...measurement, steps: [], goodRate: null }).steps).toEqual([
      { rate: 25, sent: 101, ok: 100, errors: 1 },
    ]);
  });

  it('of a house of many processes counts the stores among what is ours, and what Redis and Kafka did', () => {
    const { run } = measurement;
    if (run === undefined) throw new Error('there was a run');
    const used = { 'gateway-1': 100, 'gateway-2': 100, kaspi: 200, postgres: 150, kafka: 200, redis: 50, sandbox: 900 };
    const shared = {
      redis: [
        { name: 'evalsha', calls: 300, totalMs: 4 },
        { name: 'zadd', calls: 300, totalMs: 1 },
      ],
      kafka: [
        { topic: 'tolem.payments', bytes: 90_000, records: 400, batches: 200 },
        { topic: '__consumer_offsets', bytes: 10_000, records: 50, batches: 50 },
      ],
    };
    const distributed = { ...measurement, run: { ...run, cpuMs: used, memoryMb: used, shared } };
    expect(benchResult.parse(resultOf({ ...about, mode: 'distributed' }, distributed))).toMatchObject({
      mode: 'distributed',
      cpu_ms_per_payment: { 'gateway-1': 1, 'gateway-2': 1, kaspi: 2, kafka: 2, total_ours_and_stores: 8 },
      rss_mb: { kaspi: 200 },
      per_payment: { redis_commands: 6, kafka_records: 4.5, kafka_bytes: 1_000 },
    });
  });
});
