import type { BankPayment } from './bank-ledger.ts';
import type { Bench } from './bench.ts';
import { placeOf } from './bench.ts';
import type { StepOutcome } from './breaking-rule.ts';
import { runOpenLoop } from './open-loop.ts';
import { disagreements, latenciesOf, type PaymentLatencies } from './payment-latencies.ts';
import { percentilesOf } from './percentiles.ts';
import { runTill, type TillRecord } from './till.ts';

/** Payments take about 2 s; whatever is not over by then counts as never ended. */
const DRAIN_MS = 45_000;
/** Far more than a house that keeps up has under way; it also bounds our connections. */
const LONGEST_BACKLOG_S = 10;

export interface PaymentsRun {
  step: StepOutcome;
  latencies: PaymentLatencies;
  /** As the tills saw them; those that never ended are not among them. */
  records: readonly TillRecord[];
  /** The same payments in the bank's books. */
  bank: ReadonlyMap<string, BankPayment>;
}

/** Payments at a fixed arrival rate, each with a till of its own, and the books compared at the end. */
export async function runPayments(
  bench: Bench,
  run: { label: string; rate: number; seconds: number },
  note: (text: string) => void,
  atFullLoad: () => Promise<void> = async () => undefined,
): Promise<PaymentsRun> {
  const records: TillRecord[] = [];
  const outcome = await runOpenLoop({
    rate: run.rate,
    seconds: run.seconds,
    mostUnderWay: Math.max(200, Math.ceil(run.rate * LONGEST_BACKLOG_S)),
    drainMs: DRAIN_MS,
    signal: bench.signal,
    fire: async (index) => {
      const key = `${bench.runId}-${run.label}-${index}`;
      records.push(await runTill(bench.load, placeOf(bench, index), key));
    },
    onSecond: (second, underWay) => {
      note(`${second} s of ${run.seconds} s, ${records.length} ended, ${underWay} under way`);
      if (second >= run.seconds - 2) void atFullLoad();
    },
  });
  note('reading the books of the bank');
  const bank = await bench.ledger.read(bench.signal);
  const latencies = latenciesOf(records, bank);
  const errors = [
    ...records.flatMap(({ error }) => (error === undefined ? [] : [error])),
    ...disagreements(records, bank),
  ];
  return {
    latencies,
    records,
    bank,
    step: {
      rate: run.rate,
      sent: outcome.sent,
      ok: records.length - errors.length,
      errors: errors.length,
      firstError: errors[0] ?? null,
      generatorLateMs: outcome.lateMs,
      createToQrMs: percentilesOf(latencies.createToQr),
      lifeMs: percentilesOf(latencies.life),
      overflowed: outcome.overflowed,
    },
  };
}
