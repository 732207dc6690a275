import { type BodyOf, COMMANDS, commandsTopic, type Mode } from '@tolem/contracts';
import { type Clock, idFromUuid, type IdFactory } from '@tolem/domain';
import type { Bus } from '@tolem/messaging';
import type { Logger } from '@tolem/observability';
import type { Database } from '@tolem/persistence';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { PaymentSettings } from '../payment-settings.ts';

interface Due {
  /** UUID. */
  readonly subject_id: string;
  readonly tenant_id: string;
  readonly mode: Mode;
  readonly provider: string;
  readonly command: (typeof COMMANDS)[number]['type'];
  readonly body: { readonly lane: BodyOf<(typeof COMMANDS)[number]>['lane'] };
}

export interface SweepParts {
  readonly db: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdFactory;
  readonly settings: PaymentSettings;
  readonly logger: Logger;
}

/**
 * Heals what the bus lost: what stays silent is started again under the same operation id, and later asked about. Any
 * number of replicas do this side by side. The questions need no outbox: one that is lost is asked again.
 */
export abstract class SweepSilence implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<unknown> | undefined;

  /** @param statement what claims the silent ones; its parameters are those of `sweep_payments` */
  protected constructor(
    private readonly parts: SweepParts,
    private readonly statement: string,
    private readonly prefix: 'pay' | 'ref',
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#sweeping ??= this.sweepOnce()
        .catch((error: unknown) => this.parts.logger.warn({ err: error }, `${this.statement} failed`))
        .finally(() => (this.#sweeping = undefined));
    }, this.parts.settings.sweepEveryMs);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  /** One turn; returns how many were asked about. */
  async sweepOnce(): Promise<number> {
    const now = new Date(this.parts.clock.now());
    const { sweepBatch, startAgainAfterMs, startGraceMs, startReportEveryMs, reportAfterMs } = this.parts.settings;
    const due = await this.parts.db.query<Due>(
      `SELECT * FROM ${this.statement}($1, $2, $3 * interval '1 ms', $4 * interval '1 ms', $5 * interval '1 ms', $6 * interval '1 ms')`,
      [now, sweepBatch, startAgainAfterMs, startGraceMs, startReportEveryMs, reportAfterMs],
    );
    for (const one of due) this.#ask(one, now);
    return due.length;
  }

  #ask(due: Due, now: Date): void {
    const definition = COMMANDS.find(({ type }) => type === due.command);
    if (definition === undefined) throw new Error(`${due.command} is no command`);
    this.parts.bus.announce({
      id: this.parts.ids.next('msg'),
      type: definition.type,
      schema: definition.schema,
      source: 'gateway',
      subject: idFromUuid(this.prefix, due.subject_id),
      time: now.toISOString(),
      tenant: idFromUuid('ten', due.tenant_id),
      mode: due.mode,
      topic: commandsTopic(due.provider),
      key: due.body.lane,
      body: due.body,
    });
  }
}
