import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient, PlainFailure } from '@tolem/local-stack';
import { z } from 'zod';
import { BankBackOffice } from './bank-back-office.ts';
import type { Bench } from './bench.ts';
import type { BenchOutcome } from './bench-outcome.ts';
import type { AboutBench, BenchResult } from './bench-result.ts';
import { BusySpan } from './busy-span.ts';
import { brokenBy } from './breaking-rule.ts';
import { certificateTable } from './certificate-table.ts';
import { number } from './columns.ts';
import { disturbedRun, figuresOf } from './disturbed-run.ts';
import { isDuring } from './measure-rolling.ts';
import { runPayments } from './run-payments.ts';

/** At half the rate: compilers and pools that are cold at the full one would be what is measured. */
const WARM_UP_S = 10;
const POLL_MS = 50;
const PATIENCE_MS = 60_000;

const certificateAnswer = z.looseObject({
  replace: z.looseObject({ status: z.enum(['pending', 'done', 'failed']) }).nullable(),
  active_version: z.int().nullable(),
});

interface Replacements {
  /** Epoch ms. */
  fromMs: number;
  toMs: number;
  tookMs: number[];
}

/** Payments go on while the certificate that all of them are made under is replaced. */
export async function measureCertificate(bench: Bench, about: AboutBench): Promise<BenchOutcome> {
  const { rate, seconds, times } = bench.options;
  await bench.ledger.setBuyers({ scan_ms: 500, confirm_ms: 1_500 }, bench.signal);
  const warmUp = await bench.step('Warming up', (step) =>
    runPayments(bench, { label: 'warm-up', rate: Math.max(1, Math.round(rate / 2)), seconds: WARM_UP_S }, (text) =>
      step.note(text),
    ),
  );
  if (warmUp.step.errors > 0) throw new Error(`the warm-up broke: ${brokenBy(warmUp.step).join('; ')}`);

  const span = await BusySpan.open(bench.usage);
  const [run, replaced, memoryMb] = await bench.step(
    `${rate} payments/s for ${seconds} s, the certificate replaced ${times} times meanwhile`,
    (step) =>
      Promise.all([
        runPayments(bench, { label: 'run', rate, seconds }, (text) => step.note(text)),
        replaceSometimes(bench),
        bench.usage.memoryMb(),
      ]),
    ([{ step }]) => `${step.ok} succeeded, ${step.errors} errors`,
  );
  const { othersCores } = await span.close();
  const during = run.records.filter((record) => isDuring(record, replaced));
  const whole = disturbedRun(about, run, memoryMb);
  const result: BenchResult = {
    ...whole.result,
    certificate: {
      rate,
      replacements_ms: replaced.tookMs,
      during: figuresOf(during, run.bank),
      during_payments: during.length,
    },
  };
  return {
    result,
    table: certificateTable(result, [...whole.notes, `other programs kept ${number(othersCores)} cores busy`]),
    good: result.errors === 0,
    profiled: undefined,
  };
}

/** Spread over the run: the same pauses before, between and after. */
async function replaceSometimes(bench: Bench): Promise<Replacements> {
  const { options, house, signal } = bench;
  const pauseMs = (options.seconds * 1_000) / (options.times + 1);
  const bank = new BankBackOffice(house.sandboxControl, signal);
  const replaced: Replacements = { fromMs: Number.POSITIVE_INFINITY, toMs: 0, tookMs: [] };
  for (let n = 0; n < options.times; n += 1) {
    await pause(pauseMs, undefined, { signal });
    const pair = await bank.issuePair();
    const askedMs = performance.now();
    replaced.fromMs = Math.min(replaced.fromMs, Date.now());
    await replaceOnce(bench, pair);
    replaced.tookMs.push(Math.round(performance.now() - askedMs));
    replaced.toMs = Date.now();
  }
  return replaced;
}

async function replaceOnce(
  { house, signal }: Bench,
  pair: { certificate: string; private_key: string },
): Promise<void> {
  const [gatewayUrl] = house.gatewayUrls;
  if (gatewayUrl === undefined) throw new PlainFailure('No gateway runs.');
  const operator = new ApiClient(gatewayUrl, house.operatorKey, signal);
  const path = `/v1/certificates/${house.chain.certificate}`;
  let now = await operator.call({
    method: 'POST',
    path: `${path}/replace`,
    body: { ...pair, ca: await readFile(house.bankCa, 'utf8') },
    answer: certificateAnswer,
  });
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (now.replace?.status !== 'done') {
    if (now.replace?.status === 'failed' || performance.now() > deadlineMs) {
      throw new PlainFailure(`The certificate was not replaced: ${JSON.stringify(now.replace)}`);
    }
    await pause(POLL_MS, undefined, { signal });
    now = await operator.call({ method: 'GET', path, answer: certificateAnswer });
  }
}
