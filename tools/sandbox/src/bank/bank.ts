import { randomUUID } from 'node:crypto';
import type { Clock } from '@tolem/domain';
import type { Journal } from '../journal/journal.ts';
import type { JournalRecord } from '../journal/journal-record.ts';
import { DEFAULT_BUYER_TIMING, amountScript, buyerSteps } from './amount-script.ts';
import type { BuyerTiming } from './amount-script.ts';
import { BankState, MAX_DEVICES, deviceKey } from './bank-state.ts';
import { paymentRow, refundCodeRow, refundRow } from './ledger-row.ts';
import type { LedgerCall, LedgerRow, LedgerSubject } from './ledger-row.ts';
import { dueTransitions, isFinal, stepFits, transitionOf } from './purchase-life.ts';
import type { BuyerStep, LifeRules, PlannedStep } from './purchase-life.ts';
import type { Device, InvoiceTerms, Purchase, PurchaseKind, Refund, RefundedBy } from './purchase.ts';
import { RefundDesk } from './refund-desk.ts';
import type { TimerProfile } from './timer-profile.ts';

const FIRST_ID = 16_600_000_017;
const SILENCE_AFTER_TIMERS_MS = 10_000;
/** Questions: of their calls only the first answer with each status is kept in the file. */
const QUESTIONS: readonly string[] = ['payment/status', 'return/status'];

export interface BankOptions {
  readonly timers: TimerProfile;
  readonly cancelLagMs: number;
  readonly lateAfterMs: number;
  /** How long an invoice to a phone can be paid. */
  readonly invoiceLifeMs: number;
  readonly maxPurchases?: number;
}

export interface PurchaseOrder {
  readonly kind: PurchaseKind;
  readonly device: Device;
  readonly amountMinor: number;
  readonly externalId: string | null;
  readonly atMs: number;
  /** False while nobody can have seen the QR: such a purchase has no buyer until `showQr` says otherwise. */
  readonly seen: boolean;
  readonly invoice?: InvoiceTerms;
}

/**
 * The bank's books and rules, without HTTP. Every change is a record that is appended to the journal before it is
 * applied; what time alone changes is worked out when somebody asks.
 */
export class Bank {
  readonly state: BankState;
  readonly refundDesk = new RefundDesk(this);

  constructor(
    readonly clock: Clock,
    readonly options: BankOptions,
    private readonly journal: Journal,
  ) {
    // ASSUMPTION: ids grow with time and have 11 digits. Starting from the clock keeps the ids of emptied books
    // from naming purchases that a client still remembers.
    this.state = new BankState(Math.max(FIRST_ID, Math.floor(clock.now() / 100)), options.maxPurchases);
  }

  async restore(): Promise<void> {
    const lines = await this.journal.replay((record) => this.state.apply(record));
    if (lines === 0) this.record({ t: 'begin', nextId: this.state.nextId, seq: 0 });
  }

  /** False while the bank closes: nothing can be written any more. */
  get isOpen(): boolean {
    return this.journal.isOpen;
  }

  record(record: JournalRecord): void {
    this.journal.append(record);
    this.state.apply(record);
  }

  reset(): void {
    const { nextId, seq } = this.state;
    this.journal.clear();
    this.record({ t: 'begin', nextId, seq });
  }

  setAutopilot(timing: BuyerTiming | null): void {
    this.record({ t: 'autopilot', timing });
  }

  device(bin: string, deviceId: string): Device | undefined {
    const token = this.state.deviceTokens.get(deviceKey(bin, deviceId));
    return token === undefined ? undefined : this.state.devices.get(token);
  }

  /** Undefined when the bank's memory is full. ASSUMPTION: a device that was deleted gets a fresh token. */
  registerDevice(bin: string, tradePointId: number, deviceId: string): Device | undefined {
    if (this.state.devices.size >= MAX_DEVICES) return undefined;
    const device: Device = { token: randomUUID(), bin, tradePointId, deviceId, active: true };
    this.record({ t: 'device', ...device });
    return device;
  }

  deleteDevice(device: Device): void {
    this.record({ t: 'device', ...device, active: false });
  }

  createPurchase(order: PurchaseOrder): Purchase | undefined {
    const { timers, cancelLagMs, invoiceLifeMs } = this.options;
    const isInvoice = order.kind === 'invoice';
    const script = isInvoice ? undefined : amountScript(order.amountMinor);
    const id = this.state.nextId;
    const scanWaitMs = isInvoice ? invoiceLifeMs : timers.scanWaitS * 1000;
    const confirmWaitMs = timers.confirmWaitS * 1000;
    const rules: LifeRules = { createdAtMs: order.atMs, scanWaitMs, confirmWaitMs, cancelLagMs };
    this.record({
      t: 'purchase',
      id,
      kind: order.kind,
      bin: order.device.bin,
      tradePointId: order.device.tradePointId,
      deviceToken: order.device.token,
      externalId: order.externalId,
      amountMinor: order.amountMinor,
      atMs: order.atMs,
      scanWaitMs,
      confirmWaitMs,
      cancelLagMs,
      pollIntervalMs: timers.pollIntervalS * 1000,
      silentUntilMs: script?.silent === true ? order.atMs + scanWaitMs + confirmWaitMs + SILENCE_AFTER_TIMERS_MS : 0,
      limboPolls: script?.limboPolls ?? 0,
      fullRefundOnly: script?.fullRefundOnly ?? false,
      invoice: order.invoice ?? null,
      plan: isInvoice
        ? this.payerPlan(order.atMs)
        : order.seen
          ? this.planFor(order.amountMinor, rules, order.atMs)
          : [],
    });
    return this.state.purchases.get(id);
  }

  /** The QR has reached the till at last (its answer was delayed), so its buyer begins now. */
  showQr(purchase: Purchase): void {
    if (!this.isOpen) return;
    const plan = this.planFor(purchase.amountMinor, purchase.rules, this.clock.now());
    if (plan.length > 0) this.record({ t: 'plan', id: purchase.id, plan });
  }

  /** The answer with the QR never arrived, and an unseen QR cannot be scanned. */
  loseQr(purchase: Purchase): void {
    if (this.isOpen && purchase.life.plan.length > 0) this.record({ t: 'plan', id: purchase.id, plan: [] });
  }

  /** A purchase as it stands now, with everything that time has done to it written down. */
  purchase(id: number): Purchase | undefined {
    const purchase = this.state.purchases.get(id);
    if (purchase !== undefined) this.advance(purchase);
    return purchase;
  }

  /** A question about a purchase's status: the purchase as it stands now. The code is on a screen from then on. */
  askedPurchase(id: number): Purchase | undefined {
    const purchase = this.state.purchases.get(id);
    if (purchase !== undefined) purchase.asked = true;
    return this.purchase(id);
  }

  /** Does a step of the buyer or the seller now; false where it does not fit the purchase's status. */
  takeStep(purchase: Purchase, step: Exclude<BuyerStep, 'pay_late'>, buyer?: string): boolean {
    this.advance(purchase);
    if (!stepFits(purchase.life, step)) return false;
    if (buyer !== undefined && buyer !== purchase.buyer) this.record({ t: 'buyer', id: purchase.id, buyer });
    const transition = transitionOf(purchase.life, step, this.clock.now());
    if (transition === undefined) return false;
    this.record({ t: 'status', id: purchase.id, ...transition });
    return true;
  }

  refund(purchase: Purchase, amountMinor: number, by: RefundedBy, codeId: number | null = null): Refund | undefined {
    const id = this.state.nextId;
    this.record({ t: 'refund', id, paymentId: purchase.id, amountMinor, atMs: this.clock.now(), by, codeId });
    return this.state.refunds.get(id);
  }

  /**
   * Keeps a call for after a restart once it is over: the first answer that carried each status, and everything that
   * is not a status question. Further answers with the same status stay in memory only.
   */
  keepCall(call: LedgerCall, { id, saidStatuses }: LedgerSubject): void {
    if (!this.isOpen) return;
    if (call.status !== null && call.answered && saidStatuses !== undefined) {
      if (saidStatuses.has(call.status)) return;
      saidStatuses.add(call.status);
    } else if (QUESTIONS.includes(call.call)) return;
    this.journal.append({ t: 'call', id, refundId: null, ...call });
  }

  /** Writes down everything that time has done, also to purchases that nobody asks for. */
  advanceAll(): void {
    const nowMs = this.clock.now();
    for (const purchase of this.state.open.values()) this.advance(purchase, nowMs);
    this.refundDesk.advanceAll();
  }

  /** Rows changed after `since`, in the order of their last change. */
  *ledger(since = 0): Generator<LedgerRow> {
    this.advanceAll();
    const changed: { seq: number; row: () => LedgerRow }[] = [];
    for (const purchase of this.state.purchases.values()) {
      if (purchase.seq > since) changed.push({ seq: purchase.seq, row: () => paymentRow(purchase) });
    }
    for (const refund of this.state.refunds.values()) {
      const row = (): LedgerRow => refundRow(refund, this.state.purchases.get(refund.paymentId));
      if (refund.seq > since) changed.push({ seq: refund.seq, row });
    }
    for (const code of this.state.refundCodes.values()) {
      if (code.seq > since) changed.push({ seq: code.seq, row: () => refundCodeRow(code) });
    }
    changed.sort((left, right) => left.seq - right.seq);
    for (const { row } of changed) yield row();
  }

  private advance(purchase: Purchase, nowMs = this.clock.now()): void {
    if (isFinal(purchase.life.status)) return;
    // A code that nobody asks about stands on no till's screen (its client died before it could show it), and what no
    // buyer sees no buyer pays. ASSUMPTION: whoever shows a code asks about it.
    const life = purchase.asked ? purchase.life : { ...purchase.life, plan: [] };
    for (const transition of dueTransitions(life, purchase.rules, nowMs)) {
      this.record({ t: 'status', id: purchase.id, ...transition });
    }
  }

  private planFor(amountMinor: number, rules: LifeRules, seenAtMs: number): PlannedStep[] {
    const script = amountScript(amountMinor);
    const timing = this.state.autopilot ?? (script === undefined ? null : DEFAULT_BUYER_TIMING);
    if (timing === null) return [];
    return buyerSteps(script?.buyer ?? 'pays', timing, rules, this.options.lateAfterMs, seenAtMs);
  }

  private payerPlan(sentAtMs: number): PlannedStep[] {
    const afterMs = this.state.autopilot?.invoicePayMs ?? null;
    return afterMs === null ? [] : [{ atMs: sentAtMs + afterMs, step: 'pay' }];
  }
}
