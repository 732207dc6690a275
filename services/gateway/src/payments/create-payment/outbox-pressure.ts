import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Clock } from '@tolem/domain';
import type { Logger } from '@tolem/observability';
import type { Outbox } from '@tolem/persistence';
import { CLOCK, LOGGER, OUTBOX } from '../../tokens.ts';
import { PAYMENT_SETTINGS, type PaymentSettings } from '../payment-settings.ts';

/**
 * How long the oldest message waits to leave, measured off the path of requests. While it is too long, what is taken in
 * could not be started in time, so it is refused at the door.
 */
@Injectable()
export class OutboxPressure implements OnApplicationBootstrap, OnModuleDestroy {
  #ageMs = 0;
  #measuredAtMs: number;
  #timer: NodeJS.Timeout | undefined;
  #measuring: Promise<void> | undefined;

  constructor(
    @Inject(OUTBOX) private readonly outbox: Outbox,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(PAYMENT_SETTINGS) private readonly settings: PaymentSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#measuredAtMs = clock.monotonicMs();
  }

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#measuring ??= this.measure()
        .catch((error: unknown) => this.logger.warn({ err: error }, 'the age of the outbox could not be measured'))
        .finally(() => (this.#measuring = undefined));
    }, this.settings.pressureEveryMs);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#measuring;
  }

  async measure(): Promise<void> {
    this.#ageMs = await this.outbox.oldestAgeMs();
    this.#measuredAtMs = this.clock.monotonicMs();
  }

  /** A message that waited at the last measurement is taken to wait still, so a database that is away raises the pressure too. */
  isHigh(): boolean {
    if (this.#ageMs === 0) return false;
    return this.#ageMs + (this.clock.monotonicMs() - this.#measuredAtMs) > this.settings.maxOutboxAgeMs;
  }
}
