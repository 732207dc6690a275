import { Outbox, type OutboxOptions, type OutboxRow } from '@tolem/persistence';
import type { EventBell } from './event-bell.ts';

/** The gateway's outbox: what is published here was committed together with events. */
export class TellingOutbox extends Outbox {
  constructor(
    options: OutboxOptions,
    private readonly bell: EventBell,
  ) {
    super(options);
  }

  override publish(rows: readonly OutboxRow[]): void {
    super.publish(rows);
    this.bell.published(rows);
  }
}
