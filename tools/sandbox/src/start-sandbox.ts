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
import { AddressList } from './kaspi/address-list.ts';
import { Delivery } from './kaspi/delivery.ts';
import { KaspiDoors } from './kaspi/kaspi-doors.ts';
import { KaspiRequests } from './kaspi/kaspi-requests.ts';
import type { SchemeName } from './kaspi/schemes.ts';
import { Switches } from './kaspi/switches.ts';
import { CertificateDesk } from './tls/certificate-desk.ts';
import type { CertificateOrder, Issued } from './tls/certificate-desk.ts';
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
  /** 0 means any free port. Default: any free one where r3Port is 0, else 8543 or, where that is taken, any free one. */
  readonly r1Port?: number;
  /** As r1Port, with 8544. */
  readonly r2Port?: number;
  /** Address that the bank listens on; the control interface always listens on 127.0.0.1. */
  readonly host?: string;
  /** Further host names in the server certificate. */
  readonly names?: readonly string[];
  readonly timers?: TimerProfileName;
  /** Source addresses that scheme 3 serves; others are cut right after the handshake. Default: everybody. */
  readonly r3AllowedAddresses?: readonly string[];
  /** The same as a firewall does it: others are cut before the handshake. Yields to r3AllowedAddresses. */
  readonly allowedAddresses?: readonly string[];
  readonly clock?: Clock;
  /** How long a purchase shows its old status after an automatic cancel. Default 2000. */
  readonly cancelLagMs?: number;
  /** When late money arrives, counted from the end of the scan timer. Default 8000. */
  readonly lateAfterMs?: number;
  /** How long an invoice to a phone can be paid. Default: 600000, with the bank's timers 24 hours. */
  readonly invoiceLifeMs?: number;
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
  readonly r1Url: string;
  readonly r2Url: string;
  readonly r3Url: string;
  readonly tls: TlsFiles;
  /** The bank's mail desk for certificates. */
  issueCertificate(order: CertificateOrder): Promise<Issued>;
  ledger(since?: number): LedgerRow[];
  close(): Promise<void>;
}

/** Starts the simulated bank; resolves when all ports listen. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const report = options.report ?? reportToStandardError;
  const { host = LOOPBACK, names = [] } = options;
  const { tls, journal } = await openFolder(absolute(options.dataFolder), [...certificateHosts(host), ...names]);
  const bank = new Bank(options.clock ?? systemClock, bankOptions(options), journal);
  const faults = new FaultBoard();
  const { silenceCutMs = 60_000, dripMs = 20 } = options;
  const delivery = new Delivery({ silenceCutMs, dripMs });
  const switches = new Switches();
  const addresses = addressList(options);
  const certificates = await CertificateDesk.open(tls);
  const requests = new KaspiRequests({ bank, faults, switches, delivery, report });
  const { revoked } = bank.state;
  const doors = new KaspiDoors({ texts: serverTexts(tls), addresses, certificates, revoked, requests, report });
  const health = (): Record<string, unknown> =>
    healthOf(bank, faults, delivery, { ...requests.counts, ...doors.counts, allowed_addresses: addresses.addresses });
  const applyAddresses = (): void => doors.applyAddresses();
  const applyRevocations = (): Promise<void> => doors.applyRevocations();
  const reset = async (): Promise<void> => {
    bank.reset();
    faults.clear();
    switches.reset();
    addresses.reset();
    requests.clientInfoLimit.clear();
    await applyRevocations();
  };
  const door = { switches, addresses, certificates, applyAddresses, applyRevocations };
  const control = controlServer({ bank, faults, health, reset, report, ...door });
  const servers = [control, ...doors.servers];
  try {
    await bank.restore();
    if (revoked.size > 0) await applyRevocations();
    const controlPort = await listen(control, options.controlPort ?? 8540, LOOPBACK, '--control-port');
    const ports = await doors.listen(portsOf(options), host);
    const url = (scheme: SchemeName): string =>
      `https://${authority(certificateHosts(host)[0] ?? LOOPBACK)}:${ports[scheme]}`;
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
      r1Url: url('r1'),
      r2Url: url('r2'),
      r3Url: url('r3'),
      tls,
      issueCertificate: (order) => certificates.issue(order),
      ledger: (since) => [...bank.ledger(since)],
      close: async () => {
        clearInterval(bookkeeping);
        delivery.close();
        await Promise.all(servers.map(stop));
        journal.close();
      },
    };
  } catch (problem) {
    await Promise.all(servers.map(stop));
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
  const profile = TIMER_PROFILES[timers];
  const { invoiceLifeMs = profile.invoiceLifeS * 1000 } = options;
  const bounds = maxPurchases === undefined ? {} : { maxPurchases };
  return { timers: profile, cancelLagMs, lateAfterMs, invoiceLifeMs, ...bounds };
}

function addressList({ r3AllowedAddresses, allowedAddresses }: SandboxOptions): AddressList {
  if (r3AllowedAddresses === undefined && allowedAddresses !== undefined) {
    return new AddressList(allowedAddresses, 'before_tls');
  }
  return new AddressList(r3AllowedAddresses ?? null, 'after_tls');
}

/** Where scheme 3 takes any free port, nobody expects the others at the bank's own. */
function portsOf({ r1Port, r2Port, r3Port = 8545 }: SandboxOptions): Record<SchemeName, number | undefined> {
  const free = r3Port === 0 ? 0 : undefined;
  return { r1: r1Port ?? free, r2: r2Port ?? free, r3: r3Port };
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
  counts: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { state } = bank;
  return {
    status: 'ok',
    kaspi: {
      purchases: state.purchases.size,
      open: state.open.size,
      forgotten: state.forgotten,
      refunds: state.refunds.size,
      refund_codes: state.refundCodes.size,
      devices: state.devices.size,
      faults: faults.list.length,
      faults_used: faults.used,
      held_answers: delivery.held,
      autopilot:
        state.autopilot === null
          ? null
          : {
              scan_ms: state.autopilot.scanMs,
              confirm_ms: state.autopilot.confirmMs,
              return_scan_ms: state.autopilot.returnScanMs,
              invoice_pay_ms: state.autopilot.invoicePayMs,
            },
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
