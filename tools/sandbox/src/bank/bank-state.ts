import type { JournalRecord } from '../journal/journal-record.ts';
import { DEFAULT_BUYER_TIMING } from './amount-script.ts';
import type { BuyerTiming } from './amount-script.ts';
import { addCall } from './ledger-row.ts';
import type { LedgerSubject } from './ledger-row.ts';
import { applyTransition, isFinal } from './purchase-life.ts';
import type { Device, Purchase, Refund } from './purchase.ts';
import { RecentlyPaid } from './recently-paid.ts';
import type { RefundCode } from './refund-code.ts';

/** Whoever scans, as long as nobody says which buyer it was; one per organization. */
export const DEFAULT_BUYER = 'buyer-1';
export const MAX_PURCHASES = 200_000;
export const MAX_DEVICES = 100_000;
export const MAX_API_KEYS = 100_000;
const MAX_REFUND_CODES = 50_000;
const MAX_FIRST_LOST = 10_000;
const EVICTION_LOOKS = 100;

type PurchaseRecord = Extract<JournalRecord, { t: 'purchase' }>;
type CallRecord = Extract<JournalRecord, { t: 'call' }>;

/**
 * The bank's memory: nothing but the sum of the journal's records, so that a restart arrives at the same state.
 * When it is full the oldest final purchases and their refunds leave it; the file keeps them.
 */
export class BankState {
  readonly devices = new Map<string, Device>();
  readonly deviceTokens = new Map<string, string>();
  readonly purchases = new Map<number, Purchase>();
  readonly open = new Map<number, Purchase>();
  readonly refunds = new Map<number, Refund>();
  readonly refundCodes = new Map<number, RefundCode>();
  readonly openCodes = new Map<number, RefundCode>();
  readonly recentlyPaid = new RecentlyPaid();
  readonly firstLost = new Set<string>();
  /** Organizations by the digest of a key; null for a key that was taken away. */
  readonly apiKeys = new Map<string, string | null>();
  /** Serial numbers of revoked certificates. */
  readonly revoked = new Set<string>();
  autopilot: BuyerTiming | null = DEFAULT_BUYER_TIMING;
  nextId: number;
  seq = 0;
  forgotten = 0;

  constructor(
    firstId: number,
    private readonly maxPurchases = MAX_PURCHASES,
  ) {
    this.nextId = firstId;
  }

  apply(record: JournalRecord): void {
    switch (record.t) {
      case 'begin':
        return this.begin(record.nextId, record.seq);
      case 'autopilot':
        this.autopilot = record.timing;
        return;
      case 'device':
        return this.putDevice(record);
      case 'purchase':
        return this.putPurchase(record);
      case 'plan':
        return this.change(record.id, (purchase) => {
          purchase.life = { ...purchase.life, plan: record.plan };
        });
      case 'status':
        return this.change(record.id, (purchase) => {
          purchase.life = applyTransition(purchase.life, record);
          purchase.seq = this.nextSeq();
          if (isFinal(purchase.life.status)) this.open.delete(purchase.id);
          if (purchase.life.status === 'Processed') this.recentlyPaid.add(purchase);
        });
      case 'buyer':
        return this.change(record.id, (purchase) => {
          purchase.buyer = record.buyer;
        });
      case 'full_refund_only':
        return this.change(record.id, (purchase) => {
          purchase.fullRefundOnly = true;
        });
      case 'refund':
        return this.putRefund(record);
      case 'first_lost':
        return this.putFirstLost(record.key);
      case 'call':
        return this.putCall(record);
      case 'refund_code':
        return this.putRefundCode(record);
      case 'code_plan':
      case 'code_status':
        return this.changeCode(record);
      case 'api_key':
        this.apiKeys.set(record.hash, record.bin);
        return;
      case 'revoked':
        this.revoked.add(record.serial);
        return;
    }
  }

  /** The row of the books with an id: a purchase, a refund or a refund code, which share their ids. */
  subject(id: number): LedgerSubject | undefined {
    return this.purchases.get(id) ?? this.refunds.get(id) ?? this.refundCodes.get(id);
  }

  private begin(nextId: number, seq: number): void {
    const { devices, deviceTokens, purchases, open, refunds, refundCodes, openCodes, apiKeys } = this;
    for (const map of [devices, deviceTokens, purchases, open, refunds, refundCodes, openCodes, apiKeys]) map.clear();
    this.recentlyPaid.clear();
    this.firstLost.clear();
    this.revoked.clear();
    this.autopilot = DEFAULT_BUYER_TIMING;
    this.nextId = nextId;
    this.seq = seq;
    this.forgotten = 0;
  }

  private putDevice(record: Extract<JournalRecord, { t: 'device' }>): void {
    const { token, bin, tradePointId, deviceId, active } = record;
    this.devices.set(token, { token, bin, tradePointId, deviceId, active });
    this.deviceTokens.set(deviceKey(bin, deviceId), token);
  }

  private putPurchase(record: PurchaseRecord): void {
    if (this.purchases.size >= this.maxPurchases) this.forgetOldest();
    const isInvoice = record.kind === 'invoice';
    const purchase: Purchase = {
      id: record.id,
      kind: record.kind,
      bin: record.bin,
      tradePointId: record.tradePointId,
      deviceToken: record.deviceToken,
      externalId: record.externalId,
      amountMinor: record.amountMinor,
      rules: {
        createdAtMs: record.atMs,
        scanWaitMs: record.scanWaitMs,
        confirmWaitMs: record.confirmWaitMs,
        cancelLagMs: record.cancelLagMs,
      },
      pollIntervalMs: record.pollIntervalMs,
      invoice: record.invoice,
      buyer: DEFAULT_BUYER,
      fullRefundOnly: record.fullRefundOnly,
      life: {
        status: isInvoice ? 'RemotePaymentCreated' : 'QrTokenCreated',
        sinceMs: record.atMs,
        deadAtMs: null,
        plan: record.plan,
      },
      seq: this.nextSeq(),
      refundedMinor: 0,
      limboPolls: record.limboPolls,
      silentUntilMs: record.silentUntilMs,
      // An invoice stands in the buyer's own app, whoever asks about it.
      asked: isInvoice,
      lastPollAtMs: Number.NEGATIVE_INFINITY,
      questionsAtMs: [],
      saidStatuses: new Set(),
      calls: [],
    };
    this.purchases.set(record.id, purchase);
    this.open.set(record.id, purchase);
    this.nextId = Math.max(this.nextId, record.id + 1);
  }

  private putRefund(record: Extract<JournalRecord, { t: 'refund' }>): void {
    this.nextId = Math.max(this.nextId, record.id + 1);
    this.change(record.paymentId, (purchase) => {
      purchase.refundedMinor += record.amountMinor;
      const { id, paymentId, amountMinor, atMs, by } = record;
      this.refunds.set(id, { id, paymentId, amountMinor, atMs, bin: purchase.bin, by, seq: this.nextSeq(), calls: [] });
    });
    const code = record.codeId === null ? undefined : this.refundCodes.get(record.codeId);
    if (code === undefined) return;
    code.refundId = record.id;
    code.seq = this.nextSeq();
  }

  private putRefundCode(record: Extract<JournalRecord, { t: 'refund_code' }>): void {
    const { id, bin, tradePointId, externalId, atMs, scanWaitMs, cancelLagMs, pollIntervalMs } = record;
    if (this.refundCodes.size >= MAX_REFUND_CODES) this.forgetOldestCode();
    const code: RefundCode = {
      ...{ id, bin, tradePointId, externalId, atMs, scanWaitMs, cancelLagMs, pollIntervalMs },
      plannedScanAtMs: record.plannedScanAtMs,
      status: 'QrTokenCreated',
      sinceMs: atMs,
      buyer: null,
      refundId: null,
      seq: this.nextSeq(),
      asked: false,
      saidStatuses: new Set(),
      calls: [],
    };
    this.refundCodes.set(id, code);
    this.openCodes.set(id, code);
    this.nextId = Math.max(this.nextId, id + 1);
  }

  private changeCode(record: Extract<JournalRecord, { t: 'code_plan' | 'code_status' }>): void {
    const code = this.refundCodes.get(record.id);
    if (code === undefined) return;
    if (record.t === 'code_plan') {
      code.plannedScanAtMs = record.plannedScanAtMs;
      return;
    }
    code.status = record.status;
    code.sinceMs = record.atMs;
    code.buyer = record.buyer ?? code.buyer;
    code.seq = this.nextSeq();
    if (record.status === 'Error') this.openCodes.delete(code.id);
  }

  private forgetOldestCode(): void {
    const [oldest] = this.refundCodes.keys();
    if (oldest === undefined) return;
    this.refundCodes.delete(oldest);
    this.openCodes.delete(oldest);
  }

  private putFirstLost(key: string): void {
    if (this.firstLost.size >= MAX_FIRST_LOST) {
      const [oldest] = this.firstLost;
      if (oldest !== undefined) this.firstLost.delete(oldest);
    }
    this.firstLost.add(key);
  }

  private putCall(record: CallRecord): void {
    const { call, atMs, answered, answeredAtMs, status } = record;
    const told = { call, atMs, answered, answeredAtMs, status };
    for (const id of [record.id, record.refundId]) {
      const subject = id === null ? undefined : this.subject(id);
      if (subject === undefined) continue;
      addCall(subject.calls, told);
      if (status !== null) subject.saidStatuses?.add(status);
    }
    const shown = this.purchases.get(record.id) ?? this.refundCodes.get(record.id);
    if (shown !== undefined && status !== null) shown.asked = true;
  }

  /** Looks at the oldest few only, so that a request never walks through all purchases. */
  private forgetOldest(): void {
    let looks = 0;
    for (const purchase of this.purchases.values()) {
      looks += 1;
      if (looks > EVICTION_LOOKS) return;
      if (!isFinal(purchase.life.status)) continue;
      this.purchases.delete(purchase.id);
      this.forgotten += 1;
      break;
    }
    for (const refund of this.refunds.values()) {
      if (this.purchases.has(refund.paymentId)) return;
      this.refunds.delete(refund.id);
    }
  }

  private change(id: number, how: (purchase: Purchase) => void): void {
    const purchase = this.purchases.get(id);
    if (purchase !== undefined) how(purchase);
  }

  private nextSeq(): number {
    this.seq += 1;
    return this.seq;
  }
}

export function deviceKey(bin: string, deviceId: string): string {
  return `${bin}/${deviceId}`;
}
