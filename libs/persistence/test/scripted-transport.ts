import type { OutboxMessage, Transport } from '../src/index.ts';

/** One message that was carried, with the word on it that the spec still owes. */
interface Carried {
  readonly id: string;
  readonly body: unknown;
  settle(safe: boolean): void;
}

/** The outside world of an outbox: keeps what it was given and answers when and how the spec says. */
export class ScriptedTransport implements Transport {
  readonly carried: Carried[] = [];
  /** What every message is answered at once; undefined leaves it open. */
  answer: boolean | undefined = true;
  heldBack: () => readonly string[] = () => [];

  constructor(private readonly consumers: readonly string[] = ['']) {}

  consumersOf(): readonly string[] {
    return this.consumers;
  }

  send(messages: readonly OutboxMessage[]): readonly Promise<boolean>[] {
    return messages.map((message) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      this.carried.push({ id: message.id, body: message.envelope.body, settle: resolve });
      if (this.answer !== undefined) resolve(this.answer);
      return promise;
    });
  }

  get bodies(): unknown[] {
    return this.carried.map((message) => message.body);
  }
}
