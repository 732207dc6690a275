import { setTimeout as pause } from 'node:timers/promises';
import { countsSince } from './chain-server.ts';
import type { Drill } from './drill.ts';
import { drillFailures } from './drill-failures.ts';
import type { DrillHouse } from './drill-house.ts';
import type { DrillResult, RefundsResult } from './drill-result.ts';
import { Load } from './load.ts';
import { recoveredAtMs } from './recovered-at.ts';
import type { AskedRefund } from './refund-till.ts';
import type { Sale } from './sale.ts';
import { settleBooks } from './settle-books.ts';
import { until } from './until.ts';

export interface DrillRun {
  house: DrillHouse;
  /** Payments per second. */
  rate: number;
  /** Of the drill's waits. */
  scale: number;
  long: boolean;
  /** Unique among all runs. */
  runId: string;
  say: (text: string) => void;
}

const DESKS = 60;
/** The load runs for so long before something breaks. */
const BEFORE_MS = 3_000;
const LEAST_BEFORE_MS = 1_000;
const RECOVERY_TIMEOUT_MS = 60_000;

/** Load, fault, recovery, and the books of everything that was sold meanwhile. */
export async function runDrill(drill: Drill, run: DrillRun): Promise<DrillResult> {
  const { house, rate, scale, say } = run;
  const { ending: signal } = house.house;
  const place = { organization: house.chain.organization, tradePoint: house.chain.tradePoint };
  const desks = Array.from({ length: DESKS }, (_, index) => `till-${index + 1}`);
  const wait = async (ms: number, atLeastMs = 0): Promise<void> =>
    pause(Math.max(ms * scale, atLeastMs), undefined, { signal });
  const sinceMs = Date.now();
  const before = { counts: { ...house.server.counts }, ends: house.ends.length };
  const { server: chain, refundsEndWithinMs } = house;
  const load = new Load({
    ...{ chain, place, rate, desks, refundsEndWithinMs, signal },
    name: `${run.runId}-${drill.name}`,
  });
  await wait(BEFORE_MS, LEAST_BEFORE_MS);
  say('the fault');
  const faultAtMs = Date.now();
  const seen: string[] = [];
  const notes = await drill.run({ house, load, long: run.long, wait, say, failed: (what) => seen.push(what) });
  const faultEndMs = Date.now();
  say('recovering');
  const recovered = async (): Promise<number | undefined> => {
    await house.startEnded();
    return recoveredAtMs(load.sales, faultEndMs, Date.now());
  };
  const isRecovered = (await until(recovered, RECOVERY_TIMEOUT_MS, signal)) !== undefined;
  say('the last payments and refunds end');
  await load.stop();
  // Who was caught by the fault may have shown only now for how long. Where one of the very last was slow, there is nothing
  // after it to show that the house was itself again; but by now nobody waits any more.
  const endMs = Date.now();
  const recoveredMs = isRecovered ? (recoveredAtMs(load.sales, faultEndMs, endMs) ?? endMs) : undefined;
  const requests = countsSince(house.server.counts, before.counts);
  say('comparing the books');
  const differences = await settleBooks(house, load, sinceMs);
  const recoveryMs = recoveredMs === undefined ? null : recoveredMs - faultEndMs;
  const ended = house.ends.slice(before.ends);
  return {
    ...{ name: drill.name, title: drill.title },
    payments: load.sales.length,
    succeeded: load.sales.filter(({ told }) => told === 'succeeded').length,
    unpaid: inVain(load.sales),
    refunds: refundsOf(load.refunds),
    faultMs: faultEndMs - faultAtMs,
    recoveryMs,
    createToQrP99Ms: p99Of(load.sales),
    requests,
    ended,
    notes,
    failures: drillFailures({ recoveryMs, requests, ended, differences }, seen),
    differences,
  };
}

function refundsOf(refunds: readonly AskedRefund[]): RefundsResult {
  const succeeded = refunds.filter(({ told }) => told === 'succeeded');
  const took = refunds.flatMap(({ sentAtMs, endedAtMs }) => (endedAtMs === undefined ? [] : [endedAtMs - sentAtMs]));
  return {
    asked: refunds.length,
    succeeded: succeeded.length,
    inferred: succeeded.filter(({ inferred }) => inferred === true).length,
    unknown: refunds.filter(({ unknown }) => unknown === true).length,
    unreturned: inVain(refunds),
    slowestMs: took.length === 0 ? null : Math.max(...took),
  };
}

/** What has ended without money having moved, by reason. */
function inVain(ended: readonly { told?: string; failure?: string }[]): Record<string, number> {
  const reasons = ended.flatMap(({ told, failure }) =>
    told === undefined || told === 'succeeded' ? [] : [failure ?? told],
  );
  return Object.fromEntries([...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => [reason, all.length]));
}

function p99Of(sales: readonly Sale[]): number | null {
  const waits = sales
    .flatMap(({ sentAtMs, qrAtMs }) => (qrAtMs === undefined ? [] : [qrAtMs - sentAtMs]))
    .sort((a, b) => a - b);
  return waits[Math.ceil(waits.length * 0.99) - 1] ?? null;
}
