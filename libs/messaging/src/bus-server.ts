import type { Envelope } from '@tolem/contracts';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Bus, Subscription } from './bus.ts';
import { type BatchHandler, type DeadLetters, Dispatcher } from './dispatcher.ts';
import type { BatchExtras } from './handle-messages.ts';

export interface BusServerOptions {
  readonly bus: Bus;
  /** Name of this consumer; in Kafka the group. */
  readonly consumer: string;
  readonly topics: readonly string[];
  readonly deadLetters: DeadLetters;
  readonly onFailure: (error: unknown, message: Envelope, deliveries: number) => void;
}

/**
 * The Nest transport strategy of this house: whole batches to ordinary `@HandleMessages` methods, routed by type, and a
 * message counts as handled only when its handler has resolved.
 */
export class BusServer extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  #subscription: Subscription | undefined;

  constructor(private readonly options: BusServerOptions) {
    super();
  }

  listen(callback: () => void): void {
    const { bus, consumer, topics, deadLetters, onFailure } = this.options;
    const dispatcher = new Dispatcher(this.#handlers(), deadLetters, onFailure);
    this.#subscription = bus.subscribe(consumer, topics, (batch) => dispatcher.deliver(batch));
    callback();
  }

  async close(): Promise<void> {
    await this.#subscription?.close();
  }

  override on(): void {
    throw new Error('the bus has no events of its own');
  }

  override unwrap<T>(): T {
    return this.options.bus as T;
  }

  /** Patterns of one method belong together, so that it sees the batch as a whole. */
  #handlers(): BatchHandler[] {
    const groups = new Map<unknown, BatchHandler & { types: string[] }>();
    for (const [type, handler] of this.messageHandlers) {
      // Nest would chain them; here a message has one handler per consumer, or nobody could say when it is handled.
      if (handler.next !== undefined)
        throw new Error(`two methods handle ${type} in consumer ${this.options.consumer}`);
      const key = (handler.extras as BatchExtras | undefined)?.batch ?? handler;
      const group = groups.get(key);
      if (group !== undefined) {
        group.types.push(type);
        continue;
      }
      groups.set(key, {
        types: [type],
        handle: async (batch) => {
          const result: unknown = await handler(batch);
          if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
        },
      });
    }
    return [...groups.values()];
  }
}
