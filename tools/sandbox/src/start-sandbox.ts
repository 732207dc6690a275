import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join, resolve as absolute } from 'node:path';
import { systemClock } from '@tolem/domain';
import type { Clock } from '@tolem/domain';
import { Bank } from './bank/bank.ts';
import type { LedgerRow } from './bank/ledger-row.ts';
import { TIMER_PROFILES } from './bank/timer-profile.ts';
import type { TimerProfileName } from './bank/timer-profile.ts';
import { controlServer } from './control/control-server.ts';
import { FaultBoard } from './faults/fault-board.ts';
import { Journal } from './journal/journal.ts';
import { listen } from './listen.ts';
import { Delivery } from './r3/delivery.ts';
import { R3Requests } from './r3/r3-requests.ts';
import { r3Server } from './r3/r3-server.ts';
import { tlsFiles } from './tls/tls-files.ts';
import type { TlsFiles } from './tls/tls-files.ts';

const LOOPBACK = '127.0.0.1';
const BOOKKEEPING_MS = 1000;

export interface SandboxOptions {
  /** Folder for the ledger and, under `tls/`, the certificates. */
  readonly dataFolder: string;
  /** 0 means any free port. Default 8540. */
  readonly controlPort?: number;
  /** 0 means any free port. Default 8545, the bank's own. */
  readonly r3Port?: number;
  /** Address that the bank listens on; the control interface always listens on 127.0.0.1. */
  readonly host?: string;
  /** Further host names in the server certificate. */
  readonly names?: readonly string[];
  readonly timers?: TimerProfileName;
  /** Source addresses that scheme 3 lets in. Default 127.0.0.1 and ::1. */
  readonly allowedAddresses?: readonly string[];
  readonly clock?: Clock;
  /** How long a purchase shows its old status after an automatic cancel. Default 2000. */
  readonly cancelLagMs?: number;
  /** When late money arrives, counted from the end of the scan timer. Default 8000. */
  readonly lateAfterMs?: number;
  /** When a silent connection is cut. Default 60000. */
  readonly silenceCutMs?: number;
  /** Pause between two bytes of a dripping answer. Default 20. */
  readonly dripMs?: number;
  /** How many purchases the memory holds. Default 200000. */
  readonly maxPurchases?: number;
  /** Where unexpected problems go. Default: standard error. */
  readonly report?: (problem: unknown) => void;
}

export interface Sandbox {
  readonly controlUrl: string;
  readonly r3Url: string;
  readonly tls: TlsFiles;
  ledger(since?: number): LedgerRow[];
  close(): Promise<void>;
}

/** Starts the simulated bank; resolves when both ports listen. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const report = options.report ?? reportToStandardError;
  const { host = LOOPBACK, names = [] } = options;
  const { tls, journal } = await openFolder(absolute(options.dataFolder), [...certificateHosts(host), ...names]);
  const bank = new Bank(options.clock ?? systemClock, bankOptions(options), journal);
  const faults = new FaultBoard();
  const { silenceCutMs = 60_000, dripMs = 20 } = options;
  const delivery = new Delivery({ silenceCutMs, dripMs });
  const requests = new R3Requests(bank, faults, delivery, report);
  const tlsCounts = { refused_addresses: 0, refused_handshakes: 0 };
  const health = (): Record<string, unknown> => healthOf(bank, faults, delivery, { ...requests.counts, ...tlsCounts });
  const control = controlServer({ bank, faults, health, report });
  const r3 = r3Server(serverTexts(tls), allowed(options), requests, tlsCounts, report);
  try {
    await bank.restore();
    const controlPort = await listen(control, options.controlPort ?? 8540, LOOPBACK, '--control-port');
    const r3Port = await listen(r3, options.r3Port ?? 8545, host, '--r3-port');
    // Time also passes for purchases that nobody asks about; their ends belong into the file soon, not at the next read.
    const bookkeeping = setInterval(() => {
      try {
        bank.advanceAll();
      } catch (problem) {
        report(problem);
      }
    }, BOOKKEEPING_MS);
    bookkeeping.unref();
    return {
      controlUrl: `http://${LOOPBACK}:${controlPort}`,
      r3Url: `https://${authority(certificateHosts(host)[0] ?? LOOPBACK)}:${r3Port}`,
      tls,
      ledger: (since) => [...bank.ledger(since)],
      close: async () => {
        clearInterval(bookkeeping);
        delivery.close();
        await Promise.all([stop(control), stop(r3)]);
        journal.close();
      },
    };
  } catch (problem) {
    await Promise.all([stop(control), stop(r3)]);
    journal.close();
    throw problem;
  }
}

async function openFolder(folder: string, hosts: readonly string[]): Promise<{ tls: TlsFiles; journal: Journal }> {
  try {
    return { tls: await tlsFiles(join(folder, 'tls'), hosts), journal: Journal.open(folder) };
  } catch (problem) {
    const reason = problem instanceof Error ? problem.message : String(problem);
    throw new Error(`The folder ${folder} cannot be used (${reason}): choose another --data.`, { cause: problem });
  }
}

function bankOptions(options: SandboxOptions): ConstructorParameters<typeof Bank>[1] {
  const { timers = 'local', cancelLagMs = 2000, lateAfterMs = 8000, maxPurchases } = options;
  const bounds = maxPurchases === undefined ? {} : { maxPurchases };
  return { timers: TIMER_PROFILES[timers], cancelLagMs, lateAfterMs, ...bounds };
}

function allowed(options: SandboxOptions): ReadonlySet<string> {
  return new Set(options.allowedAddresses ?? [LOOPBACK, '::1']);
}

/** A server that listens everywhere is reached by the loopback address at least. */
function certificateHosts(host: string): string[] {
  return host === '0.0.0.0' || host === '::' ? [LOOPBACK] : [host];
}

function authority(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function serverTexts(tls: TlsFiles): { caPem: string; certificatePem: string; privateKeyPem: string } {
  return {
    caPem: readFileSync(tls.ca, 'utf8'),
    certificatePem: readFileSync(tls.serverCert, 'utf8'),
    privateKeyPem: readFileSync(tls.serverKey, 'utf8'),
  };
}

function healthOf(
  bank: Bank,
  faults: FaultBoard,
  delivery: Delivery,
  counts: Record<string, number>,
): Record<string, unknown> {
  const { state } = bank;
  return {
    status: 'ok',
    kaspi: {
      purchases: state.purchases.size,
      open: state.open.size,
      forgotten: state.forgotten,
      refunds: state.refunds.size,
      devices: state.devices.size,
      faults: faults.list.length,
      faults_used: faults.used,
      held_answers: delivery.held,
      autopilot:
        state.autopilot === null ? null : { scan_ms: state.autopilot.scanMs, confirm_ms: state.autopilot.confirmMs },
      ...counts,
    },
  };
}

function stop(server: Pick<Server, 'close' | 'closeAllConnections' | 'listening'>): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) {
      resolve();
      return;
    }
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function reportToStandardError(problem: unknown): void {
  process.stderr.write(`${problem instanceof Error ? (problem.stack ?? problem.message) : String(problem)}\n`);
}
