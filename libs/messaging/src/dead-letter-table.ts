import { type Envelope, headersOf } from '@tolem/contracts';
import type { Database } from '@tolem/persistence';
import type { DeadLetters } from './dispatcher.ts';

const MAX_REASON_LENGTH = 2_000;

/** Dead letters of one consumer, in its own schema. The table comes with the outbox. */
export class DeadLetterTable implements DeadLetters {
  constructor(
    private readonly db: Database,
    private readonly consumer: string,
    private readonly newId: () => string,
  ) {}

  async add(message: Envelope, reason: string): Promise<void> {
    await this.db.query(
      `INSERT INTO dead_letter (id, consumer, topic, key, headers, body, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [
        this.newId(),
        this.consumer,
        message.topic,
        message.key,
        JSON.stringify(headersOf(message)),
        JSON.stringify(message.body ?? null),
        reason.slice(0, MAX_REASON_LENGTH),
      ],
    );
  }
}
