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
        message.key.replaceAll('\0', '\uFFFD'),
        storable(JSON.stringify(headersOf(message))),
        storable(JSON.stringify(message.body ?? null)),
        reason.slice(0, MAX_REASON_LENGTH).replaceAll('\0', '\uFFFD'),
      ],
    );
  }
}

/**
 * PostgreSQL refuses NUL and lone surrogates. A dead letter that cannot be written would hold up its consumer for ever,
 * so they become U+FFFD. JSON writes both as escapes; other escapes are matched to be stepped over.
 */
function storable(json: string): string {
  return json.replaceAll(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g, (escape) =>
    /^\\u(0000|d)/.test(escape) ? '\\ufffd' : escape,
  );
}
