/** What operators and specs may tune about questions that a person waits for. */
export interface QuestionSettings {
  /** How long the provider has to answer; past it nothing is asked and nobody waits. */
  readonly deadlineMs: number;
  /** Most questions that wait at once in this process; the next one is refused. */
  readonly maxWaiting: number;
}

/** Injection token of `QuestionSettings`. */
export const QUESTION_SETTINGS = Symbol('question settings');

export const DEFAULT_QUESTION_SETTINGS: QuestionSettings = { deadlineMs: 10_000, maxWaiting: 512 };
