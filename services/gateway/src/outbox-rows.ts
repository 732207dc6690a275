import { Inject, Injectable } from '@nestjs/common';
import { type Addressed, commandsTopic, type Envelope, type Mode, PROVIDERS } from '@tolem/contracts';
import { type Clock, type IdFactory, idFromUuid } from '@tolem/domain';
import type { Outbox, OutboxRow } from '@tolem/persistence';
import { CLOCK, IDS, OUTBOX } from './tokens.ts';
import type { Query } from './transactions.ts';

export interface CommandAddress {
  readonly provider: string;
  /** Public id of what the command is about. */
  readonly subject: string;
  readonly lane: string;
  /** UUID of the tenant. */
  readonly tenantId: string;
  readonly mode: Mode;
  readonly traceparent: string | undefined;
}

/** A command of which the program knows only a part when it calls the database. */
export interface CommandPattern {
  readonly definition: { readonly type: string; readonly schema: number };
  /** Public id; null: any. */
  readonly tenant: string | null;
  readonly mode: Mode;
  /** What it is about and what must happen one at a time with it; absent: the database fills both in. */
  readonly subject?: string;
  readonly lane?: string;
  readonly traceparent?: string | undefined;
}

/**
 * Messages of a use case: addressed, written in its transaction, published after its commit. What a crash keeps from
 * being published the relay sends.
 */
@Injectable()
export class OutboxRows {
  constructor(
    @Inject(OUTBOX) private readonly outbox: Outbox,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  /** The address of a command to a provider's service, for `produce`. */
  addressOf(to: CommandAddress): Addressed {
    return {
      id: this.ids.next('msg'),
      source: 'gateway',
      subject: to.subject,
      time: new Date(this.clock.now()).toISOString(),
      tenant: idFromUuid('ten', to.tenantId),
      mode: to.mode,
      topic: commandsTopic(to.provider),
      key: to.lane,
      ...(to.traceparent === undefined ? {} : { traceparent: to.traceparent }),
    };
  }

  /**
   * By provider, the rows that a command would become, for a SQL function that learns whose provider it is, takes the rows
   * of that one and fills in what is missing (`message_about`, `message_like`).
   */
  forEveryProvider(command: CommandPattern): Record<string, OutboxRow[]> {
    const { definition, tenant, mode, subject, lane, traceparent } = command;
    const time = new Date(this.clock.now()).toISOString();
    const rowsOf = (provider: string): OutboxRow[] =>
      this.outbox.rowsFor({
        id: this.ids.next('msg'),
        type: definition.type,
        schema: definition.schema,
        source: 'gateway',
        subject: subject ?? '',
        time,
        tenant,
        mode,
        topic: commandsTopic(provider),
        key: lane ?? '',
        body: null,
        ...(traceparent === undefined ? {} : { traceparent }),
      });
    return Object.fromEntries(PROVIDERS.map(({ name }) => [name, rowsOf(name)]));
  }

  /** Writes messages into the transaction; hand the rows to `publish` when it has committed. */
  async write(query: Query, envelopes: readonly Envelope[]): Promise<OutboxRow[]> {
    const rows = envelopes.flatMap((envelope) => this.outbox.rowsFor(envelope));
    for (const row of rows) {
      await query('INSERT INTO outbox (id, topic, consumer, key, headers, body) VALUES ($1, $2, $3, $4, $5, $6)', [
        row.id,
        row.topic,
        row.consumer,
        row.key,
        JSON.stringify(row.headers),
        JSON.stringify(row.body),
      ]);
    }
    return rows;
  }

  publish(rows: readonly OutboxRow[]): void {
    this.outbox.publish(rows);
  }
}
