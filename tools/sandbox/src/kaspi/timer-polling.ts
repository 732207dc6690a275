/** Times of questions, newest last. True when the last `equalPauses` pauses between them were the same. */
export function looksLikeTimer(
  questionsAtMs: readonly number[],
  rule: { readonly equalPauses: number; readonly tolerance: number },
): boolean {
  const recent = questionsAtMs.slice(-rule.equalPauses - 1);
  if (recent.length <= rule.equalPauses) return false;
  const pauses = recent.slice(1).map((atMs, index) => atMs - (recent[index] ?? atMs));
  const mean = pauses.reduce((sum, pause) => sum + pause, 0) / pauses.length;
  // A burst at one moment is an impatient hand, not a timer.
  return mean > 0 && pauses.every((pause) => Math.abs(pause - mean) <= mean * rule.tolerance);
}

/** What counts as asking by a timer as long as no switch says otherwise. */
export const TIMER_RULE = { equalPauses: 5, tolerance: 0.1 };

/** So many questions about an invoice are remembered for the judgement. */
export const QUESTIONS_KEPT = 51;
