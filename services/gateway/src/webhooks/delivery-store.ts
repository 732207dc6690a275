import { Inject, Injectable } from '@nestjs/common';
import { type Clock, type IdFactory } from '@tolem/domain';
import type { Database } from '@tolem/persistence';
import type { EventRow } from '../events/event-row.ts';
import { CLOCK, IDS, WORKER_DATABASE } from '../tokens.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';
import { WEBHOOK_SETTINGS, type WebhookSettings } from './webhook-settings.ts';

/** A delivery that this process holds: ids are UUIDs. */
export interface TakenDelivery {
  readonly endpoint: string;
  readonly event: string;
  readonly delivery: string;
  readonly tenant: string;
  /** The one that is being made, counted from 1. */
  readonly attempt: number;
  readonly url: string;
  readonly secret: Buffer;
  /** While a rotation lasts. */
  readonly secret_before: Buffer | null;
  readonly content: EventRow & { readonly snapshot: { readonly id: string } };
}

export interface DeliveryResult extends DeliveryOutcome {
  readonly endpoint: string;
  readonly event: string;
  readonly attempt: number;
}

/** An endpoint that was switched off. */
export interface DisabledEndpoint {
  readonly endpoint: string;
  readonly reason: 'gone' | 'failing';
}

/** The rows of deliveries, for the worker that serves all tenants. */
@Injectable()
export class DeliveryStore {
  constructor(
    @Inject(WORKER_DATABASE) private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
    @Inject(WEBHOOK_SETTINGS) private readonly settings: WebhookSettings,
  ) {}

  async hasEndpoints(): Promise<boolean> {
    const rows = await this.db.query('SELECT FROM webhook_endpoint WHERE deleted_at IS NULL AND enabled LIMIT 1');
    return rows.length > 0;
  }

  /** Takes up to `most` due deliveries for this process. */
  take(most: number): Promise<TakenDelivery[]> {
    const { leaseMs, heldPerEndpoint, heldPerFailingEndpoint } = this.settings;
    return this.db.query<TakenDelivery>(`SELECT * FROM claim_deliveries($1, $2 * interval '1 ms', $3, $4, $5)`, [
      this.#now(),
      leaseMs,
      heldPerEndpoint,
      heldPerFailingEndpoint,
      most,
    ]);
  }

  settle(results: readonly DeliveryResult[]): Promise<DisabledEndpoint[]> {
    return this.db.query<DisabledEndpoint>(`SELECT * FROM settle_deliveries($1::jsonb, $2, $3 * interval '1 ms', $4)`, [
      JSON.stringify(results),
      this.#now(),
      this.settings.giveUpAfterMs,
      this.ids.uuid(),
    ]);
  }

  /** How long the oldest pending delivery has waited, milliseconds; 0 where there is none. */
  async oldestPendingMs(): Promise<number> {
    const [row] = await this.db.query<{ created_at: Date }>(
      `SELECT created_at FROM webhook_delivery WHERE state = 'pending' ORDER BY created_at LIMIT 1`,
    );
    return row === undefined ? 0 : Math.max(0, this.clock.now() - row.created_at.getTime());
  }

  #now(): Date {
    return new Date(this.clock.now());
  }
}
