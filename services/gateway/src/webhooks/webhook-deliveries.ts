import { Injectable } from '@nestjs/common';
import { notFound } from '../http/api-problem.ts';
import type { KeyAuth } from '../http/auth.ts';
import { Transactions } from '../transactions.ts';
import { DELIVERY_COLUMNS, type WebhookDeliveryRow } from './webhook-delivery.ts';
import { refuseLimited } from './webhook-endpoints.ts';

/** UUIDs; null: any. */
export interface DeliveryFilter {
  readonly endpoint: string | null;
  readonly state: WebhookDeliveryRow['state'] | null;
  readonly after: string | null;
  readonly limit: number;
}

/** The log of what was sent where, and what came of it. */
@Injectable()
export class WebhookDeliveries {
  constructor(private readonly transactions: Transactions) {}

  /** Newest first. */
  list(auth: KeyAuth, filter: DeliveryFilter): Promise<WebhookDeliveryRow[]> {
    refuseLimited(auth);
    return this.transactions.as(auth, (query) =>
      query<WebhookDeliveryRow>(
        `SELECT ${DELIVERY_COLUMNS} FROM webhook_delivery
          WHERE tenant_id = $1 AND mode = $2 AND ($3::uuid IS NULL OR endpoint_id = $3)
            AND ($4::text IS NULL OR state = $4) AND ($5::uuid IS NULL OR id < $5)
          ORDER BY id DESC LIMIT $6`,
        [auth.tenantId, auth.mode, filter.endpoint, filter.state, filter.after, filter.limit],
      ),
    );
  }

  async get(auth: KeyAuth, id: string): Promise<WebhookDeliveryRow> {
    refuseLimited(auth);
    const [row] = await this.transactions.as(auth, (query) =>
      query<WebhookDeliveryRow>(
        `SELECT ${DELIVERY_COLUMNS} FROM webhook_delivery WHERE tenant_id = $1 AND mode = $2 AND id = $3`,
        [auth.tenantId, auth.mode, id],
      ),
    );
    if (row === undefined) throw notFound('webhook delivery');
    return row;
  }
}
