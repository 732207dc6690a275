import type { ServerResponse } from 'node:http';
import type { Bank } from '../bank/bank.ts';
import { addCall } from '../bank/ledger-row.ts';
import type { LedgerCall, LedgerSubject } from '../bank/ledger-row.ts';
import type { CallName, TransportFault } from '../faults/fault.ts';
import type { KaspiReply } from './kaspi-method.ts';

export interface Keeping {
  readonly name: CallName;
  readonly arrivedAtMs: number;
  readonly transport: TransportFault | undefined;
}

/** Codes and links that somebody must see before a buyer can act on them. An invoice goes to the buyer by itself. */
const SHOWS_CODE: readonly CallName[] = ['qr/create', 'qr/create-link', 'return/create'];

/** Writes calls into the rows of the books, and what became of their answers. */
export class AnswerKeeper {
  constructor(
    private readonly bank: Bank,
    private readonly report: (problem: unknown) => void,
  ) {}

  /** A call that a fault has ended before the bank acted. */
  refused({ name, arrivedAtMs, transport }: Keeping, id: string | undefined): void {
    const subject = this.bank.state.subject(Number(id));
    if (subject === undefined) return;
    const answered = transport?.kind !== 'lost_before';
    const answeredAtMs = answered ? arrivedAtMs : null;
    addCall(subject.calls, { atMs: arrivedAtMs, call: name, answered, answeredAtMs, status: null });
  }

  /** Returns what to call when the first byte of the answer is handed over. */
  keep({ name, arrivedAtMs, transport }: Keeping, reply: KaspiReply, response: ServerResponse): () => void {
    const subjects = (reply.about ?? []).filter((subject) => subject !== undefined);
    const status = reply.status ?? null;
    const call: LedgerCall = { atMs: arrivedAtMs, call: name, answered: false, answeredAtMs: null, status };
    const understood = transport === undefined || transport.kind === 'delay' || transport.kind === 'drip';
    for (const subject of subjects) addCall(subject.calls, call);
    if (subjects.length > 0) {
      response.once('close', () => {
        call.answered = call.answered && understood && response.writableFinished;
        try {
          this.settle(call, subjects, transport !== undefined);
        } catch (problem) {
          this.report(problem);
        }
      });
    }
    return () => {
      call.answered = true;
      call.answeredAtMs = this.bank.clock.now();
    };
  }

  private settle(call: LedgerCall, subjects: readonly LedgerSubject[], late: boolean): void {
    const [main] = subjects;
    if (main !== undefined && SHOWS_CODE.some((name) => name === call.call))
      this.showOrLose(main.id, call.answered, late);
    for (const subject of subjects) this.bank.keepCall(call, subject);
  }

  private showOrLose(id: number, answered: boolean, late: boolean): void {
    const { state, refundDesk } = this.bank;
    const purchase = state.purchases.get(id);
    const code = state.refundCodes.get(id);
    if (purchase !== undefined && !answered) this.bank.loseQr(purchase);
    if (purchase !== undefined && answered && late) this.bank.showQr(purchase);
    if (code !== undefined && !answered) refundDesk.lose(code);
    if (code !== undefined && answered && late) refundDesk.show(code);
  }
}
