import type { Envelope } from '@tolem/contracts';
import { isInfrastructureTrouble } from '@tolem/persistence';
import type { Delivery } from './bus.ts';
import { whyUnreadable } from './kafka/unreadable-message.ts';

/** A handler of one or more types of messages; gets all messages of a batch that are meant for it, in order. */
export interface BatchHandler {
  readonly types: readonly string[];
  handle(batch: readonly Envelope[]): Promise<void>;
}

/** Where messages end that break their schema or a handler. */
export interface DeadLetters {
  add(message: Envelope, reason: string): Promise<void>;
}

/** A message that no repeat will make right: it breaks its contract. */
export class UnreadableMessage extends Error {}

const MAX_DELIVERIES = 5;
const MAX_REMEMBERED = 10_000;

/**
 * Routes a batch by `ce_type` and decides what a failure means. Trouble of infrastructure is thrown: the whole consumer
 * pauses and tries for ever. A bug is counted per message: after five deliveries the message is a dead letter, and its
 * neighbours are handled without it.
 */
export class Dispatcher {
  readonly #failures = new Map<string, number>();

  constructor(
    private readonly handlers: readonly BatchHandler[],
    private readonly deadLetters: DeadLetters,
    private readonly onFailure: (error: unknown, message: Envelope, deliveries: number) => void,
  ) {}

  async deliver(batch: readonly Envelope[]): Promise<readonly Delivery[]> {
    const outcomes: Delivery[] = batch.map(() => 'parked');
    for (const handler of this.handlers) {
      const places = batch.flatMap((message, index) => (handler.types.includes(message.type) ? [index] : []));
      if (places.length === 0) continue;
      const messages = places.map((index) => batch[index]).filter((message) => message !== undefined);
      const results = await this.#handle(handler, messages);
      places.forEach((index, position) => (outcomes[index] = results[position] ?? 'again'));
    }
    // Last, because an outage in a handler brings the whole batch once more, and a letter is not to be written each time.
    for (const [index, message] of batch.entries()) {
      const reason = whyUnreadable(message);
      if (reason !== undefined) outcomes[index] = await this.#failed(message, new UnreadableMessage(reason));
    }
    return outcomes;
  }

  async #handle(handler: BatchHandler, messages: readonly Envelope[]): Promise<readonly Delivery[]> {
    try {
      await handler.handle(messages);
      for (const message of messages) this.#failures.delete(message.id);
      return messages.map(() => 'done');
    } catch (error) {
      if (isInfrastructureTrouble(error)) throw error;
      const [only] = messages;
      if (messages.length === 1 && only !== undefined) return [await this.#failed(only, error)];
      const results: Delivery[] = [];
      for (const message of messages) results.push(...(await this.#handle(handler, [message])));
      return results;
    }
  }

  async #failed(message: Envelope, error: unknown): Promise<Delivery> {
    const deliveries = (this.#failures.get(message.id) ?? 0) + 1;
    this.onFailure(error, message, deliveries);
    if (deliveries < MAX_DELIVERIES && !(error instanceof UnreadableMessage)) {
      this.#remember(message.id, deliveries);
      return 'again';
    }
    await this.deadLetters.add(message, error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error');
    this.#failures.delete(message.id);
    return 'dead';
  }

  /** Of too many the one is forgotten that has not failed for the longest time. */
  #remember(id: string, deliveries: number): void {
    this.#failures.delete(id);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size >= MAX_REMEMBERED && oldest !== undefined) this.#failures.delete(oldest);
    this.#failures.set(id, deliveries);
  }
}
