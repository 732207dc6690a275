import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';

/** How often the event loop is asked whether it is late: at every 10 ms the asking alone would take 0.5 % of a core. */
const RESOLUTION_MS = 50;
const NS_PER_SECOND = 1e9;
const US_PER_SECOND = 1e6;

/**
 * How this process is: how late its event loop is (since the page before), memory, CPU time, when it began. Once per
 * process; returns what ends it.
 */
export function registerProcessMetrics(metrics: Metrics): () => void {
  const lag = metrics.gauge({
    name: 'tolem_process_event_loop_lag_seconds',
    help: 'How late the event loop came to a timer since the last page: median, 99th percentile, worst.',
    labels: ['rank'],
  });
  const resident = metrics.gauge({
    name: 'tolem_process_resident_memory_bytes',
    help: 'Memory of the process that is in RAM.',
  });
  const heap = metrics.gauge({ name: 'tolem_process_heap_used_bytes', help: 'JavaScript objects, living and dead.' });
  const started = metrics.gauge({
    name: 'tolem_process_start_time_seconds',
    help: 'When the process began, in seconds since 1970.',
  });
  const cpu = metrics.counter({
    name: 'tolem_process_cpu_seconds_total',
    help: 'CPU time that the process has used.',
    labels: ['mode'],
  });
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let counted: NodeJS.CpuUsage = { user: 0, system: 0 };

  metrics.collector('process', [lag, resident, heap, started], () => {
    // A timer that is never late still fires only every RESOLUTION_MS.
    const late = (ns: number): number => Math.max(0, ns / NS_PER_SECOND - RESOLUTION_MS / 1_000);
    // Without a single sample the histogram says NaN or its start value.
    const sampled = delays.count > 0;
    lag.set(sampled ? late(delays.percentile(50)) : 0, { rank: 'median' });
    lag.set(sampled ? late(delays.percentile(99)) : 0, { rank: 'p99' });
    lag.set(sampled ? late(delays.max) : 0, { rank: 'worst' });
    delays.reset();
    const memory = process.memoryUsage();
    resident.set(memory.rss);
    heap.set(memory.heapUsed);
    started.set(performance.timeOrigin / 1_000);
    const used = process.cpuUsage();
    cpu.add((used.user - counted.user) / US_PER_SECOND, { mode: 'user' });
    cpu.add((used.system - counted.system) / US_PER_SECOND, { mode: 'system' });
    counted = used;
  });
  return () => {
    delays.disable();
  };
}
