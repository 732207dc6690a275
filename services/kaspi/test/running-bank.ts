import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientCredential } from '@tolem/egress';
import { type LedgerRow, type Sandbox, type SandboxOptions, startSandbox } from '@tolem/sandbox';
import type { BankScheme } from './stand-in-gateway.ts';

const CONTROL_DEADLINE_MS = 5_000;

/** Registered at the sandbox, each with three trade points. */
export const BIN = '260360000051';
export const OTHER_BIN = '971240001315';
export const THIRD_BIN = '180340021791';
export const NOT_REGISTERED_BIN = '260141000010';
export const BIN_WITHOUT_TRADE_POINTS = '260252000034';

/** `organization`: that of BIN for scheme 2. */
export type CertificateName = 'partner' | 'organization' | 'foreign' | 'expired';

export interface FaultOptions {
  /** 1 unless told, null until the faults are cleared. */
  readonly times?: number | null;
  readonly match?: { readonly amount?: number; readonly bin?: string; readonly id?: string };
}

/** The sandbox on free ports in a folder of its own, with the operator's hands. */
export class RunningBank {
  readonly problems: unknown[];

  private constructor(
    readonly sandbox: Sandbox,
    private readonly folder: string,
    problems: unknown[],
  ) {
    this.problems = problems;
  }

  static async start(options: Partial<SandboxOptions> = {}): Promise<RunningBank> {
    const folder = mkdtempSync(join(tmpdir(), 'tolem-kaspi-'));
    const problems: unknown[] = [];
    const sandbox = await startSandbox({
      dataFolder: folder,
      controlPort: 0,
      r3Port: 0,
      // Real time, whatever clock the bank has: a silent answer must not hold a spec up.
      silenceCutMs: 150,
      dripMs: 1,
      report: (problem) => problems.push(problem),
      ...options,
    });
    return new RunningBank(sandbox, folder, problems);
  }

  get url(): string {
    return this.sandbox.r3Url;
  }

  urlOf(scheme: BankScheme): string {
    return { r1: this.sandbox.r1Url, r2: this.sandbox.r2Url, r3: this.sandbox.r3Url }[scheme];
  }

  credential(name: CertificateName = 'partner'): ClientCredential {
    const { tls } = this.sandbox;
    const [cert, key] = {
      partner: [tls.cert, tls.key] as const,
      organization: [tls.organizationCert, tls.organizationKey] as const,
      foreign: [tls.foreignCert, tls.foreignKey] as const,
      expired: [tls.expiredCert, tls.expiredKey] as const,
    }[name];
    return {
      id: `crt_${name}`,
      version: '1',
      certificatePem: readFileSync(cert, 'utf8'),
      privateKeyPem: readFileSync(key, 'utf8'),
      caPem: this.caPem,
    };
  }

  /** The partner's next certificate, with a key that the bank has made. */
  async issued(notBefore: Date): Promise<ClientCredential> {
    const answer = await this.control('POST', '/kaspi/certificates', { not_before: notBefore.toISOString() });
    const made = JSON.parse(answer) as { certificate: string; private_key: string };
    return {
      ...this.credential(),
      ...{ id: 'crt_issued', certificatePem: made.certificate, privateKeyPem: made.private_key },
    };
  }

  get caPem(): string {
    return readFileSync(this.sandbox.tls.ca, 'utf8');
  }

  async fault(call: string, fault: string, options: FaultOptions = {}): Promise<void> {
    await this.control('PUT', '/faults', { provider: 'kaspi', call, fault, ...options });
  }

  async clearFaults(): Promise<void> {
    await this.control('DELETE', '/faults');
  }

  async autopilot(
    timing: { scan_ms: number; confirm_ms: number; return_scan_ms?: number; invoice_pay_ms?: number } | null,
  ): Promise<void> {
    await this.control('PUT', '/autopilot', { kaspi: timing });
  }

  /** The buyer's hands. */
  async buyer(id: string, step: 'scan' | 'confirm' | 'scanerror' | 'confirmerror'): Promise<void> {
    await this.control('POST', `/kaspi/payments/${id}/${step}`);
  }

  /** A cashier returns a part of a purchase in the bank's own app; tenge. */
  async cashierReturns(purchase: string, amount: number): Promise<void> {
    await this.control('POST', `/kaspi/payments/${purchase}/return`, { amount });
  }

  async forbidParts(purchase: string): Promise<void> {
    await this.control('POST', `/kaspi/payments/${purchase}/no_partial_refund`);
  }

  async scanRefund(code: string, buyer?: string): Promise<void> {
    await this.control('POST', `/kaspi/returns/${code}/scan`, buyer === undefined ? {} : { buyer });
  }

  async payer(invoice: string, step: 'pay' | 'reject'): Promise<void> {
    await this.control('POST', `/kaspi/invoices/${invoice}/${step}`);
  }

  /** How often anybody asked for the status of an invoice. */
  async questionsAbout(invoice: string): Promise<number> {
    const { questions } = JSON.parse(await this.control('GET', `/kaspi/invoices/${invoice}`)) as {
      questions: string[];
    };
    return questions.length;
  }

  /** From now on who asks about an invoice in so many equal pauses gets no answer. */
  async punishTimers(equalPauses: number): Promise<void> {
    await this.control('PUT', '/kaspi/switches', { punish_polling: { equal_pauses: equalPauses, tolerance: 0.2 } });
  }

  /** Questions about invoices that looked like a timer's. */
  async questionsByTimer(): Promise<number> {
    const { kaspi } = JSON.parse(await this.control('GET', '/health')) as { kaspi: { invoice_polls_by_timer: number } };
    return kaspi.invoice_polls_by_timer;
  }

  /** Look-ups of payers that the bank has refused because there were too many. */
  async lookUpsOverLimit(): Promise<number> {
    const { kaspi } = JSON.parse(await this.control('GET', '/health')) as {
      kaspi: { client_info_over_limit: number };
    };
    return kaspi.client_info_over_limit;
  }

  /** Connections of addresses that are not on its list. */
  async strangersTurnedAway(): Promise<number> {
    const { kaspi } = JSON.parse(await this.control('GET', '/health')) as { kaspi: { refused_addresses: number } };
    return kaspi.refused_addresses;
  }

  async reset(): Promise<void> {
    await this.control('POST', '/reset');
  }

  /** Purchases made for one payment of ours, oldest first. */
  purchasesOf(paymentId: string): LedgerRow[] {
    return this.sandbox
      .ledger()
      .filter((row) => row.kind === 'payment' && row.external_id === paymentId)
      .sort((left, right) => Number(left.id) - Number(right.id));
  }

  /** What the bank has given back of a purchase, oldest first. */
  returnsOf(purchase: string): LedgerRow[] {
    return this.rows('refund').filter((row) => row.payment_id === purchase);
  }

  /** Codes that a buyer scans for one refund of ours. */
  refundCodesOf(refund: string): LedgerRow[] {
    return this.rows('refund_code').filter((row) => row.external_id === refund);
  }

  /** Invoices over this sum. */
  invoicesOver(amountMinor: number): LedgerRow[] {
    return this.rows('invoice').filter((row) => row.amount === amountMinor);
  }

  private rows(kind: LedgerRow['kind']): LedgerRow[] {
    return this.sandbox
      .ledger()
      .filter((row) => row.kind === kind)
      .sort((left, right) => Number(left.id) - Number(right.id));
  }

  row(id: string): LedgerRow | undefined {
    return this.sandbox.ledger().find((row) => row.id === id);
  }

  async close(): Promise<void> {
    await this.sandbox.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Faults that were ordered and have not happened yet. */
  async faultsLeft(): Promise<string[]> {
    const { faults } = JSON.parse(await this.control('GET', '/faults')) as { faults: { fault: string }[] };
    return faults.map(({ fault }) => fault);
  }

  /** Status questions that came sooner than half the interval after the one before. */
  async questionsTooEarly(): Promise<number> {
    const { kaspi } = JSON.parse(await this.control('GET', '/health')) as { kaspi: { polls_too_early: number } };
    return kaspi.polls_too_early;
  }

  private async control(method: string, path: string, body?: unknown): Promise<string> {
    const response = await fetch(`${this.sandbox.controlUrl}${path}`, {
      method,
      signal: AbortSignal.timeout(CONTROL_DEADLINE_MS),
      headers: { connection: 'close' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the sandbox answered ${response.status} to ${method} ${path}: ${text}`);
    return text;
  }
}
