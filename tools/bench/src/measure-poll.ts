import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { createPayments } from './measure-create.ts';
import type { Measurement } from './measurement.ts';
import { measured } from './measured.ts';
import { percentilesOf } from './percentiles.ts';
import { pollingIn } from './polling-in.ts';

const CREATE_RATE = 50;
/** The sandbox runs with the bank's own timers here: a code lives for 180 s and may be asked about every 5 s. */
export const POLL_INTERVAL_MS = 5_000;
/** What creating did must have passed before the window opens. */
const CALM_MS = 6_000;
const SCAN_TIMER_MS = 180_000;

/** Open payments that no buyer comes to: what asking the bank about them costs. */
export async function measurePoll(bench: Bench): Promise<Measurement> {
  const { open, seconds } = bench.options;
  await bench.ledger.setBuyers(null, bench.signal);
  const bornMs = performance.now();
  const made = await bench.step(`Opening ${open} payments`, (step) =>
    createPayments(bench, { label: 'open', rate: CREATE_RATE, seconds: open / CREATE_RATE }, (text) => step.note(text)),
  );
  if (made.errors[0] !== undefined) throw new Error(`opening the payments broke: ${made.errors[0]}`);
  await pause(CALM_MS, undefined, { signal: bench.signal });

  let fromMs = 0;
  let toMs = 0;
  const run = await measured(bench, async (atFullLoad) => {
    fromMs = Date.now();
    await bench.step(`Asking about ${open} open payments for ${seconds} s, measured`, async () => {
      await pause(seconds * 1_000, undefined, { signal: bench.signal });
      await atFullLoad();
    });
    toMs = Date.now();
  });
  const stillOpen = performance.now() - bornMs < SCAN_TIMER_MS;
  const bank = await bench.ledger.readAll(bench.signal);
  const polling = pollingIn(bank.values(), { fromMs, toMs, intervalMs: POLL_INTERVAL_MS });
  const notes = stillOpen ? [] : ['the payments expired before the window closed: take fewer --open or --seconds'];
  return {
    operation: 'question',
    goodRate: null,
    steps: [],
    notes,
    run: {
      ...run,
      rate: open / (POLL_INTERVAL_MS / 1_000),
      sent: polling.asked,
      operations: polling.asked - polling.unanswered,
      errors: polling.unanswered,
      latencies: { poll_lateness: percentilesOf(polling.latenessMs) },
      further: {},
      facts: [`${open} payments, each due ${POLL_INTERVAL_MS / 1_000} s after the previous answer`],
    },
    profiled: (runSeconds) => pause(runSeconds * 1_000, undefined, { signal: bench.signal }),
  };
}
