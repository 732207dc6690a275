import { Listeners } from './listeners.ts';

/** Characters of one answer. */
export const MAX_ANSWER_LENGTH = 16_384;

/**
 * Carries the answer to a question to whoever waits for it, in whatever process that is. Kept nowhere: who does not listen
 * yet never hears it, and it may be lost, so whoever waits has a deadline of his own.
 */
export interface Answers {
  /** @param text whatever it holds is for everybody on the way to see: seal what is personal. Throws a RangeError past MAX_ANSWER_LENGTH. */
  tell(id: string, text: string): void;
  /** Calls `heard` for every answer to `id` until the returned function is called. */
  listen(id: string, heard: (text: string) => void): () => void;
}

export function checkAnswer(text: string): void {
  if (text.length > MAX_ANSWER_LENGTH) throw new RangeError(`an answer of ${text.length} characters is too long`);
}

export class MemoryAnswers implements Answers {
  readonly #listeners = new Listeners<string>();

  tell(id: string, text: string): void {
    checkAnswer(text);
    this.#listeners.tell(id, text);
  }

  listen(id: string, heard: (text: string) => void): () => void {
    return this.#listeners.listen(id, heard);
  }
}
