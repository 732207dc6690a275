import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LedgerRow, type Sandbox, startSandbox } from '@tolem/sandbox';
import {
  CRASH_PRELOAD,
  CrashFile,
  MONEY_CRASH_POINTS,
  type MoneyCrashPoint,
  type MoneyWay,
  type TestDatabase,
  waitFor,
} from '@tolem/testing';
import { BIN, type Chain, onboard } from './chain.ts';
import { House } from './house.ts';
import { houseDatabase, houseEnvironment } from './house-database.ts';
import { MoneyTill } from './money-till.ts';
import { everyEvent, toldWrongly } from './told-events.ts';

/** Ways of organizations whose refunds are confirmed by the buyer: of another scheme. */
const WITH_BUYER: readonly MoneyWay[] = ['refund_with_buyer', 'refund_chosen'];
/** Tills of one point; the process dies when the second of them gets there. */
const TILLS = 2;
const NTH = 2;
/** Up to here both refunds of a point may be between "about to send" and the call of the bank. */
const BEFORE_RETURN = [
  '/return/status',
  '/return/operations',
  'UPDATE subject',
  '/payment/details',
  'sends = sends + 1',
];
/** What a return says that has proven to be nothing. */
const NOT_PERFORMED = 'provider_unavailable';
/** An invoice and a refund have so long to reach the bank. */
const START_WITHIN_MS = 60_000;
const OTHER_BIN = '971240001315';

describe('a process that dies at any step of a refund or of an invoice', () => {
  let folder: string;
  let crash: CrashFile;
  let database: TestDatabase;
  let bank: Sandbox;
  let house: House;
  const chains: Partial<Record<'r2' | 'r3', Chain>> = {};
  const tills = new Map<string, MoneyTill[]>();
  const running: Promise<void>[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tolem-money-'));
    crash = new CrashFile(folder);
    [database, bank] = await Promise.all([
      houseDatabase(),
      startSandbox({ dataFolder: folder, controlPort: 0, r3Port: 0, timers: 'local' }),
    ]);
    await fetch(`${bank.controlUrl}/autopilot`, { method: 'PUT', body: JSON.stringify({ kaspi: null }) });
    const environment = {
      ...houseEnvironment(database, bank.r3Url),
      TOLEM_PROVIDER_URLS: JSON.stringify({ kaspi: { test: { r2: bank.r2Url, r3: bank.r3Url } } }),
      // What a crash left in doubt is settled while the next points are tried.
      TOLEM_KASPI_WRITE_TIMEOUT_MS: '2000',
      TOLEM_KASPI_RESOLVE_AFTER_MS: '3000',
      TOLEM_KASPI_UNCHANGED_OVER_MS: '1000',
      ...crash.environment,
    };
    house = new House(environment, CRASH_PRELOAD);
    const gateway = await house.start();
    chains.r3 = await onboard(gateway, bank.tls, { scheme: 'r3', taxId: OTHER_BIN });
    chains.r2 = await onboard(gateway, bank.tls, { scheme: 'r2', taxId: BIN });
    for (const [no, point] of MONEY_CRASH_POINTS.entries()) tills.set(point.name, tillsOf(point, no));
    await Promise.all([...tills.values()].flat().map((till) => till.sell()));
  }, 120_000);

  afterAll(async () => {
    await house?.kill('SIGKILL');
    await Promise.allSettled(running);
    await bank?.close();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  /** Each with a buyer, a phone and a sum of its own. */
  function tillsOf({ way }: MoneyCrashPoint, no: number): MoneyTill[] {
    const chain = WITH_BUYER.includes(way) ? chains.r2 : chains.r3;
    if (chain === undefined) throw new Error('nobody is onboarded');
    return Array.from({ length: TILLS }, (_, till) => new MoneyTill(chain, bank, way, no * TILLS + till));
  }

  it.each(MONEY_CRASH_POINTS.map((point) => [point.name, point] as const))(
    'starts again after it died, %s',
    async (name, point) => {
      await crash.arm({ ...point, nth: point.together === true ? 1 : NTH }, house);
      const died = house.death();
      for (const till of tills.get(name) ?? []) running.push(till.run());
      const signal = await waitFor(`the process to die: ${name}`, () => died.signal, 20_000);
      crash.disarm();
      const gateway = await house.start();
      for (const chain of Object.values(chains)) chain.gateway = gateway;
      expect(signal).toBe('SIGKILL');
    },
    45_000,
  );

  it('has an end of every refund, and the bank gave back what we say, once', async () => {
    await Promise.all(running);
    const refunds = MONEY_CRASH_POINTS.filter(({ way }) => way.startsWith('refund'));
    const differences = refunds.flatMap((point) => {
      const mine = tills.get(point.name) ?? [];
      const wrong = mine.filter((till) => !(gaveBack(till) || mayBeNothing(till)));
      const nothing = mine.filter((till) => mayBeNothing(till));
      const tooMany = nothing.length > (diesBeforeReturn(point) ? TILLS : TILLS - 1) ? nothing : [];
      return [...wrong, ...tooMany].map((till) => `${point.name}: ${till.key} ${asItEnded(till)}`);
    });
    expect(refunds.length).toBeGreaterThan(0);
    expect(differences).toEqual([]);
  }, 120_000);

  function returnsOf(till: MoneyTill): LedgerRow[] {
    return bank.ledger().filter((row) => row.kind === 'refund' && row.payment_id === till.purchase);
  }

  function gaveBack(till: MoneyTill): boolean {
    const amounts = returnsOf(till).map((row) => row.amount);
    return till.ended?.status === 'succeeded' && amounts.length === 1 && amounts[0] === till.refundMinor;
  }

  /**
   * With the buyer a return that has proven to be nothing is not sent again: it failed, and nothing went back. The process
   * dies when the second till is at the point, so the first one may be between "about to send" and the call at any of them.
   */
  function mayBeNothing(till: MoneyTill): boolean {
    const { status, failure } = till.ended ?? {};
    const isNothing = status === 'failed' && failure?.code === NOT_PERFORMED;
    return WITH_BUYER.includes(till.way) && isNothing && returnsOf(till).length === 0;
  }

  function asItEnded(till: MoneyTill): string {
    const { status, failure } = till.ended ?? {};
    return `${status} ${failure?.code ?? ''}, at the bank ${returnsOf(till).length}`;
  }

  it('has sent no payment’s invoice twice, and every one is paid, taken back, or in doubt for a person', async () => {
    await Promise.all(running);
    const invoices = MONEY_CRASH_POINTS.flatMap((point) =>
      (tills.get(point.name) ?? []).filter((till) => !till.isRefund),
    );
    const differences = invoices.flatMap((till) => {
      const { id = '', status } = till.ended ?? {};
      const code = id.slice(-6).toUpperCase();
      const theirs = bank.ledger().filter((row) => row.kind === 'invoice' && row.comment === code);
      const paid = theirs.filter((row) => row.status === 'Processed').length;
      // Whoever else asks about an invoice may bring the process to its point while this one is on its way to the bank.
      const isInDoubt = status === 'unknown' && paid === 0;
      const agrees =
        theirs.length <= 1 &&
        (isInDoubt ||
          (till.way === 'invoice' ? status === 'succeeded' && paid === 1 : status === 'canceled' && paid === 0));
      return agrees ? [] : [`${till.key}: ${status}, at the bank ${theirs.map((row) => row.status).join()}`];
    });
    expect(invoices.map(({ ended }) => ended?.status)).toEqual(
      expect.arrayContaining(['succeeded', 'canceled', 'unknown']),
    );
    expect(differences).toEqual([]);
  }, 120_000);

  it('has sent no start after its time', async () => {
    await Promise.all(running);
    const arrivals = [...tills.values()].flat().flatMap((till) => arrivalsOf(till, bank.ledger()));
    expect(arrivals.length).toBeGreaterThan(0);
    expect(arrivals.filter(({ afterMs }) => afterMs > START_WITHIN_MS)).toEqual([]);
  }, 120_000);

  it('has told each state in one event, in order and with none missing', async () => {
    await Promise.all(running);
    const all = [...tills.values()].flat();
    for (const chain of Object.values(chains)) {
      const shown = await Promise.all(all.filter((till) => till.chain === chain).map((till) => till.shown()));
      expect(toldWrongly(shown.flat(), await everyEvent(chain))).toEqual([]);
    }
  }, 120_000);
});

/** Whether a refund with the buyer may have died after "about to send" and before the bank heard of it. */
function diesBeforeReturn({ match, phase, when }: MoneyCrashPoint): boolean {
  if (match === '/payment/return') return when === 'before';
  return BEFORE_RETURN.includes(match) && (phase === undefined || phase === 'processing');
}

/**
 * How long after its request the first call of a till's way came to the bank, each time that it came. The return that
 * follows when a buyer has shown himself has a time of its own.
 */
function arrivalsOf(till: MoneyTill, ledger: readonly LedgerRow[]): { key: string; call: string; afterMs: number }[] {
  const { id = '', created_at: createdAt = '' } = till.ended ?? {};
  const [start, rows] = till.isRefund
    ? till.way === 'refund'
      ? ['payment/return', ledger.filter((row) => row.kind === 'refund' && row.payment_id === till.purchase)]
      : ['return/create', ledger.filter((row) => row.kind === 'refund_code' && row.external_id === id)]
    : ['remote/create', ledger.filter((row) => row.kind === 'invoice' && row.comment === id.slice(-6).toUpperCase())];
  return rows
    .flatMap(({ calls }) => calls)
    .filter(({ call }) => call === start)
    .map(({ call, at }) => ({ key: till.key, call, afterMs: Date.parse(at) - Date.parse(createdAt) }));
}
