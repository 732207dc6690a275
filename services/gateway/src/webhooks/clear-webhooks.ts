import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Clock } from '@tolem/domain';
import type { Logger } from '@tolem/observability';
import type { Database } from '@tolem/persistence';
import { EVENTS_KEPT_MS } from '../events/event-cursor.ts';
import { CLOCK, LOGGER, WORKER_DATABASE } from '../tokens.ts';
import { WEBHOOK_SETTINGS, type WebhookSettings } from './webhook-settings.ts';

const BATCH = 1_000;
const MAX_BATCHES = 20;
/** An event goes a little after the last cursor that could need it. */
const GRACE_MS = 3_600_000;

/** Clears away what nobody will be sent any more, and what is older than 30 days. Every process does it, in small batches. */
@Injectable()
export class ClearWebhooks implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #clearing: Promise<unknown> | undefined;

  constructor(
    @Inject(WORKER_DATABASE) private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(WEBHOOK_SETTINGS) private readonly settings: WebhookSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#clearing ??= this.clearOnce()
        .catch((error: unknown) => this.logger.warn({ err: error }, 'old events could not be cleared away'))
        .finally(() => (this.#clearing = undefined));
    }, this.settings.clearEveryMs);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#clearing;
  }

  /** One turn. */
  async clearOnce(): Promise<void> {
    const nowMs = this.clock.now();
    const old = new Date(nowMs - EVENTS_KEPT_MS - GRACE_MS);
    await this.#batches('fail_undeliverable', new Date(nowMs));
    await this.#batches('remove_old_deliveries', old);
    await this.#batches('remove_old_events', old);
  }

  async #batches(name: string, at: Date): Promise<void> {
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const [row] = await this.db.query<{ count: number }>(`SELECT ${name}($1, $2) AS count`, [at, BATCH]);
      if (row === undefined || row.count < BATCH) return;
    }
  }
}
