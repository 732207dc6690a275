import type { JournalRecord } from '../journal/journal-record.ts';
import { DEFAULT_BUYER_TIMING } from './amount-script.ts';
import type { BuyerTiming } from './amount-script.ts';
import { addCall } from './ledger-row.ts';
import { applyTransition, isFinal } from './purchase-life.ts';
import type { Device, Purchase, Refund } from './purchase.ts';

export const MAX_PURCHASES = 200_000;
export const MAX_DEVICES = 100_000;
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
  readonly firstLost = new Set<string>();
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
        });
      case 'refund':
        return this.putRefund(record);
      case 'first_lost':
        return this.putFirstLost(record.key);
      case 'call':
        return this.putCall(record);
    }
  }

  private begin(nextId: number, seq: number): void {
    for (const map of [this.devices, this.deviceTokens, this.purchases, this.open, this.refunds]) map.clear();
    this.firstLost.clear();
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
    const purchase: Purchase = {
      id: record.id,
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
      life: { status: 'QrTokenCreated', sinceMs: record.atMs, deadAtMs: null, plan: record.plan },
      seq: this.nextSeq(),
      refundedMinor: 0,
      limboPolls: record.limboPolls,
      silentUntilMs: record.silentUntilMs,
      asked: false,
      lastPollAtMs: Number.NEGATIVE_INFINITY,
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
      const { id, paymentId, amountMinor, atMs } = record;
      this.refunds.set(id, { id, paymentId, amountMinor, atMs, bin: purchase.bin, seq: this.nextSeq(), calls: [] });
    });
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
    this.change(record.id, (purchase) => {
      addCall(purchase.calls, { call, atMs, answered, answeredAtMs, status });
      if (status !== null) {
        purchase.saidStatuses.add(status);
        purchase.asked = true;
      }
      if (record.refundId === null) return;
      const refund = this.refunds.get(record.refundId);
      if (refund !== undefined) addCall(refund.calls, { call, atMs, answered, answeredAtMs, status });
    });
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
