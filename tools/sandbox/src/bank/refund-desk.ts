import type { Clock } from '@tolem/domain';
import type { JournalRecord } from '../journal/journal-record.ts';
import type { BankState } from './bank-state.ts';
import { DEFAULT_BUYER } from './bank-state.ts';
import type { Device, Purchase } from './purchase.ts';
import { canBeScanned, dueCodeTransition } from './refund-code.ts';
import type { CodeTransition, RefundCode } from './refund-code.ts';
import type { TimerProfile } from './timer-profile.ts';

interface Books {
  readonly state: BankState;
  readonly clock: Clock;
  readonly isOpen: boolean;
  readonly options: { readonly timers: TimerProfile; readonly cancelLagMs: number };
  record(record: JournalRecord): void;
}

/** Refunds with the buyer (scheme 2): the codes that buyers scan, and what the cashier sees afterwards. */
export class RefundDesk {
  constructor(private readonly books: Books) {}

  /** `seen` is false while nobody can have seen the code: it has no buyer until `show` says otherwise. */
  create(device: Device, externalId: string | null, atMs: number, seen: boolean): RefundCode | undefined {
    const { state, options } = this.books;
    const { timers, cancelLagMs } = options;
    const id = state.nextId;
    this.books.record({
      t: 'refund_code',
      id,
      bin: device.bin,
      tradePointId: device.tradePointId,
      externalId,
      atMs,
      scanWaitMs: timers.scanWaitS * 1000,
      cancelLagMs,
      pollIntervalMs: timers.pollIntervalS * 1000,
      plannedScanAtMs: seen ? this.plannedScan(atMs) : null,
    });
    return state.refundCodes.get(id);
  }

  show(code: RefundCode): void {
    this.plan(code, this.plannedScan(this.books.clock.now()));
  }

  lose(code: RefundCode): void {
    this.plan(code, null);
  }

  /** A code as it stands now, with everything that time has done to it written down. */
  code(id: number): RefundCode | undefined {
    const code = this.books.state.refundCodes.get(id);
    if (code !== undefined) this.advance(code);
    return code;
  }

  /** A question about a code's status. The code is on a screen from then on. */
  asked(id: number): RefundCode | undefined {
    const code = this.books.state.refundCodes.get(id);
    if (code !== undefined) code.asked = true;
    return this.code(id);
  }

  /** The buyer's app scans the code; false when it is too late or somebody has scanned it already. */
  scan(code: RefundCode, buyer: string): boolean {
    const atMs = this.books.clock.now();
    this.advance(code);
    if (!canBeScanned(code, atMs)) return false;
    this.write(code, { atMs, status: 'CustomerIdentityObtained' }, buyer);
    return true;
  }

  /** The buyer's paid purchases in the trade point of the code, newest first. */
  purchasesFor(code: RefundCode, atMost: number): Purchase[] {
    if (code.buyer === null) return [];
    const { recentlyPaid, purchases } = this.books.state;
    return recentlyPaid
      .of(code.bin, code.tradePointId, code.buyer)
      .map((id) => purchases.get(id))
      .filter((purchase) => purchase !== undefined)
      .slice(0, atMost);
  }

  advanceAll(): void {
    for (const code of this.books.state.openCodes.values()) this.advance(code);
  }

  private advance(code: RefundCode): void {
    for (;;) {
      const due = dueCodeTransition(code, this.books.clock.now());
      if (due === undefined) return;
      this.write(code, due, due.status === 'CustomerIdentityObtained' ? DEFAULT_BUYER : null);
    }
  }

  private write(code: RefundCode, { atMs, status }: CodeTransition, buyer: string | null): void {
    this.books.record({ t: 'code_status', id: code.id, atMs, status, buyer });
  }

  private plan(code: RefundCode, plannedScanAtMs: number | null): void {
    if (!this.books.isOpen || code.plannedScanAtMs === plannedScanAtMs) return;
    this.books.record({ t: 'code_plan', id: code.id, plannedScanAtMs });
  }

  private plannedScan(seenAtMs: number): number | null {
    const afterMs = this.books.state.autopilot?.returnScanMs ?? null;
    return afterMs === null ? null : seenAtMs + afterMs;
  }
}
