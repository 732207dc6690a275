import { randomBytes } from 'node:crypto';
import { type Answers, checkAnswer, MemoryAnswers } from '../answers.ts';
import { RedisChannel } from './redis-channel.ts';
import type { RedisHandle } from './redis-handle.ts';

/**
 * Answers between processes over one channel for the whole installation: questions are few, so every process hears all
 * answers and passes on those that somebody of its own waits for. Who waits in the same process hears at once, even
 * while Redis is away.
 */
export class RedisAnswers implements Answers {
  readonly #local = new MemoryAnswers();
  readonly #channel: RedisChannel;
  readonly #process = randomBytes(6).toString('hex');

  constructor(redis: RedisHandle) {
    this.#channel = new RedisChannel(redis, 'answers', (message) => this.#heard(message));
  }

  tell(id: string, text: string): void {
    checkAnswer(text);
    this.#channel.say(JSON.stringify([this.#process, id, text]));
    this.#local.tell(id, text);
  }

  listen(id: string, heard: (text: string) => void): () => void {
    return this.#local.listen(id, heard);
  }

  /** Ends the subscription; what was told is still sent. */
  close(): void {
    this.#channel.close();
  }

  #heard(message: string): void {
    const [sender, id, text] = JSON.parse(message) as readonly string[];
    if (sender !== this.#process && id !== undefined && text !== undefined) this.#local.tell(id, text);
  }
}
