import type { Envelope } from '@tolem/contracts';
import { IdFactory, systemClock } from '@tolem/domain';
import type { OutboxMessage } from '@tolem/persistence';
import type { Bus, DeadLetters } from '../src/index.ts';

const ids = new IdFactory(systemClock);

/** A message as a service sends it. */
export function message(body: unknown, more: Partial<Envelope> = {}): Envelope {
  return {
    id: ids.next('msg'),
    type: 'spec.happened',
    source: 'spec',
    subject: 'pay_1',
    time: new Date(systemClock.now()).toISOString(),
    tenant: 'ten_1',
    mode: 'test',
    schema: 1,
    topic: 'events',
    key: 'pay_1',
    body,
    ...more,
  };
}

/** What an outbox makes of a message: one row per consumer. */
export function rowsOf(bus: Pick<Bus, 'consumersOf'>, envelope: Envelope): OutboxMessage[] {
  return bus.consumersOf(envelope.topic).map((consumer) => ({ id: ids.uuid(), consumer, envelope }));
}

/** An error as Node gives it when nobody listens. */
export function outage(): Error {
  return Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
}

/** Dead letters that a spec can look at. */
export class DeadLetterList implements DeadLetters {
  readonly letters: { body: unknown; reason: string }[] = [];

  async add(envelope: Envelope, reason: string): Promise<void> {
    this.letters.push({ body: envelope.body, reason });
  }
}
