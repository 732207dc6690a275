import { BankBackOffice } from './bank-back-office.ts';
import type { BankPayment, BankRefund } from './bank-ledger.ts';
import type { Bench } from './bench.ts';
import type { BenchOutcome } from './bench-outcome.ts';
import type { AboutBench, BenchResult } from './bench-result.ts';
import { measured, RAMP_S } from './measured.ts';
import type { Measurement } from './measurement.ts';
import { runOpenLoop } from './open-loop.ts';
import { percentilesOf } from './percentiles.ts';
import { bankTimeMs, compareBooks } from './refund-books.ts';
import { type RefundRecord, runRefundTill, type Sold } from './refund-till.ts';
import { lostAnswersLines } from './refunds-table.ts';
import { resultOf } from './result-of.ts';
import { resultTable } from './result-table.ts';
import { runPayments } from './run-payments.ts';

const PART_MINOR = 49_000;
/** How fast the sales are made that are refunded afterwards. */
const SALES_PER_SECOND = 25;
const WARM_UP_S = 5;
const DRAIN_MS = 60_000;
/** A refund whose answer was lost has to be proven first. */
const LOST_DRAIN_MS = 150_000;
const MOST_UNDER_WAY = 500;
/** One in so many of the answers that are lost was lost on its way there: the bank has done nothing. */
const LOST_BEFORE_ONE_IN = 4;

/**
 * The waits after a lost answer for this measurement, in place of the minute and a half and the two minutes that a bank
 * needs, so that a run ends in minutes. What is waited for stays the same.
 */
export const REFUND_WAITS: Readonly<Record<string, string>> = {
  TOLEM_KASPI_WRITE_TIMEOUT_MS: '5000',
  TOLEM_KASPI_RESOLVE_AFTER_MS: '10000',
  TOLEM_KASPI_UNCHANGED_OVER_MS: '10000',
};

interface RefundsRun {
  sent: number;
  records: readonly RefundRecord[];
}

/** Refunds without the buyer (scheme 3) at a fixed rate; then once more while answers of the bank are lost. */
export async function measureRefunds(bench: Bench, about: AboutBench): Promise<BenchOutcome> {
  const { rate, seconds, lost } = bench.options;
  const wanted = Math.ceil(rate * (WARM_UP_S + RAMP_S + 2 * seconds));
  const sold = await sell(bench, wanted);
  const take = (count: number): Sold[] => sold.splice(0, count);
  const lossless = (label: string, forSeconds: number, note: (text: string) => void, full?: () => Promise<void>) =>
    runRefunds(
      bench,
      take(Math.round(rate * forSeconds)),
      { label, seconds: forSeconds, drainMs: DRAIN_MS },
      note,
      full,
    );

  const warmUp = await bench.step('Warming up', (step) => lossless('warm-up', WARM_UP_S, (text) => step.note(text)));
  const broken = warmUp.records.find(({ status }) => status !== 'succeeded');
  if (broken !== undefined) throw new Error(`the warm-up broke: ${broken.error ?? broken.status}`);

  const ramp = async (): Promise<number> => (await lossless('ramp', RAMP_S, () => undefined)).records.length;
  const run = await measured(bench, ramp, (atFullLoad) =>
    bench.step(
      `${rate} refunds/s for ${seconds} s, measured`,
      (step) => lossless('run', seconds, (text) => step.note(text), atFullLoad),
      ({ records }) => `${succeeded(records).length} succeeded`,
    ),
  );
  const payments = await bench.ledger.readAll(bench.signal);
  const refunds = await bench.ledger.readRefunds(bench.signal);
  const { records } = run.outcome;
  const books = compareBooks(records, refunds);
  const errors = run.outcome.sent - succeeded(records).length + books.disagreements.length;
  const latency = latencyOf(records, payments, refunds);
  const measurement: Measurement = {
    operation: 'refund',
    goodRate: null,
    steps: [],
    notes: books.disagreements.slice(0, 1),
    run: {
      ...run,
      rate,
      sent: run.outcome.sent,
      operations: succeeded(records).length,
      errors,
      latencies: {},
      further: {
        'create → succeeded, without the bank’s own time': latency.create_to_succeeded,
        'create → succeeded': latency.whole,
      },
      facts: ['scheme 3, a part of each payment: its token, details, the return; aim: 5 round trips that write'],
    },
    profiled: undefined,
  };
  const withLost = await loseAnswers(bench, take(Math.round(rate * seconds)), lost);
  const base = resultOf(about, measurement);
  const result: BenchResult = {
    ...base,
    errors: base.errors + withLost.disagreements + withLost.returned_twice,
    refunds: { rate, latency_ms: latency, with_lost_answers: withLost },
  };
  const table = `${resultTable(result, measurement)}${lostAnswersLines(withLost)}`;
  return { result, table, good: result.errors === 0, profiled: undefined };
}

const succeeded = (records: readonly RefundRecord[]): RefundRecord[] =>
  records.filter(({ status }) => status === 'succeeded');

type Latency = NonNullable<BenchResult['refunds']>['latency_ms'];

function latencyOf(
  records: readonly RefundRecord[],
  payments: ReadonlyMap<string, BankPayment>,
  refunds: readonly BankRefund[],
): Latency {
  const good = succeeded(records);
  const ofPurchase = Map.groupBy(refunds, ({ payment_id: id }) => id ?? '');
  const own = good.map((record) => {
    const bank = bankTimeMs(record, payments.get(record.sold.payment), ofPurchase.get(record.sold.bankId) ?? []);
    return record.tookMs - bank;
  });
  return {
    create_to_succeeded: percentilesOf(own),
    whole: percentilesOf(good.map(({ tookMs }) => tookMs)),
  };
}

/** Sales that can be refunded. */
async function sell(bench: Bench, count: number): Promise<Sold[]> {
  await bench.ledger.setBuyers({ scan_ms: 100, confirm_ms: 200 }, bench.signal);
  const seconds = Math.ceil(count / SALES_PER_SECOND);
  const { records, bank } = await bench.step(`Selling ${count} times`, (step) =>
    runPayments(bench, { label: 'sale', rate: SALES_PER_SECOND, seconds }, (text) => step.note(text)),
  );
  const sold = records.flatMap(({ payment, error }) => {
    const bankId = payment === null ? undefined : bank.get(payment)?.id;
    return payment === null || bankId === undefined || error !== undefined ? [] : [{ payment, bankId }];
  });
  if (sold.length < count) throw new Error(`only ${sold.length} of ${count} sales were paid: take a lower --rate`);
  return sold;
}

async function runRefunds(
  bench: Bench,
  sold: readonly Sold[],
  run: { label: string; seconds: number; drainMs: number },
  note: (text: string) => void,
  atFullLoad: () => Promise<void> = async () => undefined,
): Promise<RefundsRun> {
  const records: RefundRecord[] = [];
  const outcome = await runOpenLoop({
    rate: sold.length / run.seconds,
    seconds: run.seconds,
    mostUnderWay: MOST_UNDER_WAY,
    drainMs: run.drainMs,
    signal: bench.signal,
    fire: async (index) => {
      const sale = sold[index];
      if (sale === undefined) return;
      records.push(await runRefundTill(bench.load, sale, PART_MINOR, `${bench.runId}-${run.label}-${index}`));
    },
    onSecond: (second, underWay) => {
      note(`${second} s of ${run.seconds} s, ${records.length} ended, ${underWay} under way`);
      if (second >= run.seconds - 2) void atFullLoad();
    },
  });
  return { sent: outcome.sent, records };
}

/** The same load while some returns lose their answer: before the bank has acted, or after. */
async function loseAnswers(
  bench: Bench,
  sold: readonly Sold[],
  wanted: number,
): Promise<NonNullable<BenchResult['refunds']>['with_lost_answers']> {
  const bank = new BankBackOffice(bench.house.sandboxControl, bench.signal);
  const every = Math.max(1, Math.floor(sold.length / wanted));
  const unlucky = sold.filter((_, at) => at % every === 0).slice(0, wanted);
  for (const [at, { bankId }] of unlucky.entries()) {
    await bank.spoil('payment/return', at % LOST_BEFORE_ONE_IN === 0 ? 'lost_before' : 'lost_after', bankId);
  }
  const { seconds, rate } = bench.options;
  const spoiltBefore = await bank.spoilt();
  const { sent, records } = await bench.step(
    `${rate} refunds/s for ${seconds} s, ${unlucky.length} answers lost, until all have ended`,
    (step) => runRefunds(bench, sold, { label: 'lost', seconds, drainMs: LOST_DRAIN_MS }, (text) => step.note(text)),
    (run) => `${succeeded(run.records).length} succeeded`,
  );
  const books = compareBooks(records, await bench.ledger.readRefunds(bench.signal));
  const ids = new Set(unlucky.map(({ bankId }) => bankId));
  const lost = records.filter((record) => ids.has(record.sold.bankId));
  const ended = Map.groupBy(records, ({ status }) => status);
  return {
    sent,
    lost: (await bank.spoilt()) - spoiltBefore,
    ended: Object.fromEntries([...ended].map(([status, all]) => [status, all.length])),
    lost_took_ms: percentilesOf(lost.map(({ tookMs }) => tookMs)),
    disagreements: books.disagreements.length + (sent - records.length),
    returned_twice: books.returnedTwice.length,
  };
}
