import type { BenchResult } from './bench-result.ts';
import { writes } from './database-counts.ts';
import { columns, number } from './columns.ts';
import type { BusyStep, Measurement, MeasuredRun } from './measurement.ts';
import type { Percentiles } from './percentiles.ts';
import { PROCESSES } from './process-usage.ts';

const SHOWN_STATEMENTS = 16;
const SHOWN_CHARACTERS = 90;
/** Cores; a system that is left alone keeps less busy with itself. */
const MOST_FOR_OTHERS = 0.2;

const LATENCIES: Record<keyof BenchResult['latency_ms'], string> = {
  create_to_qr: 'create → QR, without the bank’s own time',
  button_to_door: 'button → the bank’s door',
  fact_to_till: 'the bank says paid → till',
  create: 'create → answer',
  read: 'read → answer',
  poll_lateness: 'question later than due',
};
/** What a house on 2 cores should reach at half of 200 payments/s. */
const AIMS: Partial<Record<keyof BenchResult['latency_ms'], string>> = {
  create_to_qr: 'p50 ≤ 8, p99 ≤ 40',
  button_to_door: 'p99 ≤ 25',
};

/** The result for people. */
export function resultTable(result: BenchResult, measurement: Measurement): string {
  const { steps, notes, run, operation } = measurement;
  const lines = [
    `bench ${result.name}: ${result.mode}, ${result.cores} cores, commit ${result.commit ?? 'unknown'}`,
    'Bank, database, services and tills share the cores; whatever else runs here is in the figures too.',
  ];
  if (steps.length > 0) lines.push('', ...stepLines(steps), '');
  if (result.good_rate !== null) lines.push(`Last good rate: ${result.good_rate} payments/s (aim: at least 200)`);
  lines.push(...notes.map((note) => `Note: ${note}`));
  const others = run?.othersCores ?? 0;
  if (others > MOST_FOR_OTHERS) {
    lines.push(`Note: other programs kept ${number(others)} cores busy, so these figures say little about the house`);
  }
  if (run === undefined) return `${lines.join('\n')}\n`;
  const ran = `${number(run.rate, 1)} ${operation}s/s: ${run.sent} sent, ${run.operations} good, ${run.errors} errors`;
  lines.push('', ran, '', ...latencyLines(result, run), '', ...costLines(result, run, operation));
  lines.push('', ...countLines(result, run, operation));
  return `${lines.join('\n')}\n`;
}

function stepLines(steps: readonly BusyStep[]): string[] {
  const head = [
    'rate/s',
    'sent',
    'ok',
    'errors',
    'QR p50',
    'p95',
    'p99',
    'life p99',
    'late',
    'cores',
    'others',
    'verdict',
  ];
  return columns([
    head,
    ...steps.map((step) => [
      String(step.rate),
      ...[step.sent, step.ok, step.errors].map(String),
      ...three(step.createToQrMs),
      number(step.lifeMs?.p99, 0),
      number(step.generatorLateMs, 0),
      busyCores(step),
      number(step.othersCores),
      step.broken[0] ?? 'good',
    ]),
  ]);
}

const three = (found: Percentiles | null): string[] => [
  number(found?.p50, 1),
  number(found?.p95, 1),
  number(found?.p99, 1),
];

/** How many cores all four processes together kept busy. */
function busyCores({ cpuMs, wallMs }: BusyStep): string {
  const used = PROCESSES.map((name) => cpuMs[name]);
  if (used.includes(null)) return '-';
  return number(used.reduce<number>((sum, ms) => sum + (ms ?? 0), 0) / wallMs, 2);
}

function latencyLines(result: BenchResult, run: MeasuredRun): string[] {
  const measuredOnes = Object.entries(result.latency_ms).flatMap(([name, found]) => {
    const key = name as keyof BenchResult['latency_ms'];
    return found === null || found === undefined ? [] : [[LATENCIES[key], ...three(found), AIMS[key] ?? '']];
  });
  const further = Object.entries(run.further).map(([name, found]) => [name, ...three(found), '']);
  return columns([['ms', 'p50', 'p95', 'p99', 'aim'], ...measuredOnes, ...further]);
}

function costLines(result: BenchResult, run: MeasuredRun, operation: string): string[] {
  const rows = [...PROCESSES, 'total_ours_and_stores'].map((name) => [
    name,
    number(result.cpu_ms_per_payment[name]),
    number(result.rss_mb[name], 0),
    number(name in run.idleCpuMsPerSecond ? run.idleCpuMsPerSecond[name as (typeof PROCESSES)[number]] : null, 1),
  ]);
  return columns([['process', `CPU-ms per ${operation}`, 'MB', 'CPU-ms/s just before'], ...rows]);
}

function countLines(result: BenchResult, run: MeasuredRun, operation: string): string[] {
  const { round_trips, reads, messages, bytes } = result.per_payment;
  const lines = columns([
    [`per ${operation}`, '', ''],
    ['writing round trips', number(round_trips)],
    ['reading round trips', number(reads)],
    ['messages', number(messages)],
    ['bytes of write-ahead log', number(bytes, 0)],
  ]);
  lines.push(`  other programs kept ${number(run.othersCores)} cores busy meanwhile`);
  lines.push(...run.facts.map((fact) => `  ${fact}`));
  lines.push(
    '  Round trips: statements counted by pg_stat_statements (which costs the server a little), BEGIN and COMMIT as',
    '  writing ones, periodic ones included. Messages: rows of the outboxes and changes to processing, which are told',
    '  without a row. CPU: /proc, from the first arrival to the last answer; PostgreSQL with all its children.',
  );
  const statements = run.counts.statements ?? [];
  if (statements.length === 0) return lines;
  const rows = statements.slice(0, SHOWN_STATEMENTS).map((statement) => {
    const { query, calls, totalMs } = statement;
    const times = [calls / Math.max(1, run.operations), totalMs / Math.max(1, run.operations)];
    return { cells: [writes(statement) ? 'writes' : 'reads', ...times.map((value) => number(value, 3))], query };
  });
  const table = columns([['', 'calls', 'ms inside'], ...rows.map(({ cells }) => cells)]);
  const [head = '', ...body] = table;
  lines.push('', `${head}  statement`);
  lines.push(...body.map((line, index) => `${line}  ${rows[index]?.query.slice(0, SHOWN_CHARACTERS) ?? ''}`));
  return lines;
}
