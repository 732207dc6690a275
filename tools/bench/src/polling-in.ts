import type { BankPayment } from './bank-ledger.ts';

export interface Polling {
  asked: number;
  unanswered: number;
  /** How much later than the interval after the previous answer each question came; ms. */
  latenessMs: number[];
}

/** The questions that reached the bank within a window of time. */
export function pollingIn(
  payments: Iterable<Pick<BankPayment, 'calls'>>,
  window: { fromMs: number; toMs: number; intervalMs: number },
): Polling {
  const polling: Polling = { asked: 0, unanswered: 0, latenessMs: [] };
  for (const { calls } of payments) {
    let answeredAtMs: number | null = null;
    for (const question of calls) {
      if (question.call !== 'payment/status') continue;
      if (question.at >= window.fromMs && question.at < window.toMs) {
        polling.asked += 1;
        if (question.answered_at === null) polling.unanswered += 1;
        if (answeredAtMs !== null) polling.latenessMs.push(question.at - answeredAtMs - window.intervalMs);
      }
      answeredAtMs = question.answered_at;
    }
  }
  return polling;
}
