import { commandsTopic, type Mode, paymentStart, subjectReport } from '@tolem/contracts';
import { type Clock, idFromUuid, type IdFactory } from '@tolem/domain';
import { type Bus, BUS } from '@tolem/messaging';
import type { Logger } from '@tolem/observability';
import type { Database } from '@tolem/persistence';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CLOCK, IDS, LOGGER, WORKER_DATABASE } from '../../tokens.ts';
import { PAYMENT_SETTINGS, type PaymentSettings } from '../payment-settings.ts';

interface Due {
  readonly payment_id: string;
  readonly tenant_id: string;
  readonly mode: Mode;
  readonly provider: string;
  readonly command: 'payment.start' | 'subject.report';
  readonly body: unknown;
}

/**
 * Heals what the bus lost: a payment that stays silent is started again under the same operation id, and later asked
 * about. Any number of replicas do this side by side. The questions need no outbox: one that is lost is asked again.
 */
@Injectable()
export class SweepPayments implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<unknown> | undefined;

  constructor(
    @Inject(WORKER_DATABASE) private readonly db: Database,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
    @Inject(PAYMENT_SETTINGS) private readonly settings: PaymentSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#sweeping ??= this.sweepOnce()
        .catch((error: unknown) => this.logger.warn({ err: error }, 'silent payments could not be looked up'))
        .finally(() => (this.#sweeping = undefined));
    }, this.settings.sweepEveryMs);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  /** One turn; returns how many payments were asked about. */
  async sweepOnce(): Promise<number> {
    const now = new Date(this.clock.now());
    const { sweepBatch, startAgainAfterMs, startGraceMs, startReportEveryMs, reportAfterMs } = this.settings;
    const due = await this.db.query<Due>(
      `SELECT * FROM sweep_payments($1, $2, $3 * interval '1 ms', $4 * interval '1 ms', $5 * interval '1 ms', $6 * interval '1 ms')`,
      [now, sweepBatch, startAgainAfterMs, startGraceMs, startReportEveryMs, reportAfterMs],
    );
    for (const one of due) this.#ask(one, now);
    return due.length;
  }

  #ask(due: Due, now: Date): void {
    const id = idFromUuid('pay', due.payment_id);
    const definition = due.command === 'payment.start' ? paymentStart : subjectReport;
    this.bus.announce({
      id: this.ids.next('msg'),
      type: definition.type,
      schema: definition.schema,
      source: 'gateway',
      subject: id,
      time: now.toISOString(),
      tenant: idFromUuid('ten', due.tenant_id),
      mode: due.mode,
      topic: commandsTopic(due.provider),
      key: id,
      body: due.body,
    });
  }
}
