import type { BenchResult } from './bench-result.ts';
import { type CountedStatement, writes } from './database-counts.ts';
import { columns, number } from './columns.ts';
import type { BusyStep, Measurement, MeasuredRun } from './measurement.ts';
import type { Percentiles } from './percentiles.ts';
import { sumOf } from './process-usage.ts';
import type { SharedCounts } from './shared-counter.ts';

const SHOWN_STATEMENTS = 16;
const SHOWN_COMMANDS = 12;
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
/** What a house on 2 cores should reach, and at half of that rate. */
const GOOD_RATE_AIMS = { embedded: 200, distributed: 150 };
const MOST_CPU_MS = { embedded: undefined, distributed: 8 };
const AIMS: Record<BenchResult['mode'], Partial<Record<keyof BenchResult['latency_ms'], string>>> = {
  embedded: { create_to_qr: 'p50 ≤ 8, p99 ≤ 40', button_to_door: 'p99 ≤ 25' },
  distributed: { create_to_qr: 'p50 ≤ 10, p99 ≤ 50' },
};

/** The result for people. */
export function resultTable(result: BenchResult, measurement: Measurement): string {
  const { steps, notes, run, operation } = measurement;
  const lines = [...headLines(result)];
  if (steps.length > 0) lines.push('', ...stepLines(steps), '');
  if (result.good_rate !== null) {
    lines.push(`Last good rate: ${result.good_rate} payments/s (aim: at least ${GOOD_RATE_AIMS[result.mode]})`);
  }
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

/** What every table begins with. */
export const headLines = ({ name, mode, cores, commit }: BenchResult): string[] => [
  `bench ${name}: ${mode}, ${cores} cores, commit ${commit ?? 'unknown'}`,
  'Bank, stores, services and tills share the cores; whatever else runs here is in the figures too.',
];

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

/** How many cores all processes of the measurement together kept busy. */
function busyCores({ cpuMs, wallMs }: BusyStep): string {
  const usedMs = sumOf(Object.values(cpuMs));
  return number(usedMs === null ? null : usedMs / wallMs, 2);
}

function latencyLines(result: BenchResult, run: MeasuredRun): string[] {
  const measuredOnes = Object.entries(result.latency_ms).flatMap(([name, found]) => {
    const key = name as keyof BenchResult['latency_ms'];
    return found === null || found === undefined
      ? []
      : [[LATENCIES[key], ...three(found), AIMS[result.mode][key] ?? '']];
  });
  const further = Object.entries(run.further).map(([name, found]) => [name, ...three(found), '']);
  return columns([['ms', 'p50', 'p95', 'p99', 'aim'], ...measuredOnes, ...further]);
}

function costLines(result: BenchResult, run: MeasuredRun, operation: string): string[] {
  const rows = Object.entries(result.cpu_ms_per_payment).map(([name, cpuMs]) => [
    name,
    number(cpuMs),
    number(result.rss_mb[name], 0),
    number(run.idleCpuMsPerSecond[name], 1),
  ]);
  const most = operation === 'payment' ? MOST_CPU_MS[result.mode] : undefined;
  return [
    ...columns([['process', `CPU-ms per ${operation}`, 'MB', 'CPU-ms/s just before'], ...rows]),
    ...(most === undefined ? [] : [`  aim of the total: at most ${most}`]),
  ];
}

/** What Redis and Kafka did, divided by payments or by seconds. */
export function sharedLines({ redis, kafka }: SharedCounts, divisor: number): string[] {
  const each = (value: number): string => number(value / Math.max(1, divisor), 3);
  const commands = redis.slice(0, SHOWN_COMMANDS).map(({ name, calls, totalMs }) => [name, each(calls), each(totalMs)]);
  const topics = kafka.map(({ topic, records, batches, bytes }) => [topic, each(records), each(batches), each(bytes)]);
  return [
    ...(commands.length === 0 ? [] : ['', ...columns([['command of Redis', 'calls', 'ms inside'], ...commands])]),
    ...(topics.length === 0 ? [] : ['', ...columns([['topic of Kafka', 'records', 'batches', 'bytes'], ...topics])]),
  ];
}

/** The most frequent statements, divided by payments or by seconds. */
export function statementLines(statements: readonly CountedStatement[], divisor: number): string[] {
  if (statements.length === 0) return [];
  const rows = statements.slice(0, SHOWN_STATEMENTS).map((statement) => {
    const times = [statement.calls, statement.totalMs].map((value) => number(value / Math.max(1, divisor), 3));
    return { cells: [writes(statement) ? 'writes' : 'reads', ...times], query: statement.query };
  });
  const [head = '', ...body] = columns([['', 'calls', 'ms inside'], ...rows.map(({ cells }) => cells)]);
  return [
    '',
    `${head}  statement`,
    ...body.map((line, index) => `${line}  ${rows[index]?.query.slice(0, SHOWN_CHARACTERS) ?? ''}`),
  ];
}

function countLines(result: BenchResult, run: MeasuredRun, operation: string): string[] {
  const { round_trips, reads, messages, bytes, redis_commands, kafka_records, kafka_bytes } = result.per_payment;
  const shared =
    run.shared === undefined
      ? []
      : [
          ['commands of Redis, those inside scripts too', number(redis_commands)],
          ['records in Kafka’s logs, its own bookkeeping too', number(kafka_records)],
          ['bytes in Kafka’s logs', number(kafka_bytes, 0)],
        ];
  const lines = columns([
    [`per ${operation}`, '', ''],
    ['writing round trips', number(round_trips)],
    ['reading round trips', number(reads)],
    ['messages', number(messages)],
    ['bytes of write-ahead log', number(bytes, 0)],
    ...shared,
  ]);
  lines.push(`  other programs kept ${number(run.othersCores)} cores busy meanwhile`);
  lines.push(...run.facts.map((fact) => `  ${fact}`));
  lines.push(
    '  Round trips: statements counted by pg_stat_statements (which costs the server a little), BEGIN and COMMIT as',
    '  writing ones, periodic ones included. Messages: rows of the outboxes and changes to processing, which are told',
    '  without a row. CPU: /proc, from the first arrival to the last answer; PostgreSQL with all its children.',
  );
  if (run.shared !== undefined) lines.push(...sharedLines(run.shared, run.operations));
  lines.push(...statementLines(run.counts.statements ?? [], run.operations));
  return lines;
}
