import { Inject, Injectable } from '@nestjs/common';
import { type Clock, idFromUuid, type IdFactory } from '@tolem/domain';
import { brokenConstraint, type Sealer } from '@tolem/persistence';
import { Audit } from '../audit-log/audit.ts';
import type { EventBell } from '../events/event-bell.ts';
import { EVENT_BELL } from '../events/event-settings.ts';
import { ApiProblem, notFound } from '../http/api-problem.ts';
import type { Attempt } from '../http/attempt.ts';
import type { KeyAuth } from '../http/auth.ts';
import { type Creation, Idempotency } from '../http/idempotency.ts';
import type { Origin } from '../http/origin.ts';
import { CLOCK, IDS, RANDOM_BYTES } from '../tokens.ts';
import { type Query, Transactions } from '../transactions.ts';
import { DELIVERY_COLUMNS, type WebhookDeliveryRow } from './webhook-delivery.ts';
import type { CreateWebhookEndpoint, RotateSecret, UpdateWebhookEndpoint } from './webhook-endpoint.schema.ts';
import type { WebhookEndpointSnapshot } from './webhook-endpoint.ts';
import { SECRET_BYTES, webhookSecret } from './webhook-secret.ts';
import { SEALER } from './webhook-settings.ts';
import { WebhookUrls } from './webhook-url.ts';

const MINUTE_MS = 60_000;

/** An endpoint with its secret, which is there only in the answer to the request that made it. */
export interface MadeEndpoint {
  readonly row: WebhookEndpointSnapshot;
  readonly secret: string | null;
}

/** Where a sealed secret of an endpoint belongs; it opens nowhere else. */
export function secretContext(endpointId: string): string {
  return `webhook_endpoint:${endpointId}`;
}

/** A tenant's endpoint: one per mode, with one secret, two while one replaces the other. */
@Injectable()
export class WebhookEndpoints {
  constructor(
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly urls: WebhookUrls,
    private readonly audit: Audit,
    @Inject(SEALER) private readonly sealer: Sealer,
    @Inject(EVENT_BELL) private readonly bell: EventBell,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
    @Inject(RANDOM_BYTES) private readonly randomBytes: (n: number) => Uint8Array,
  ) {}

  async create(
    auth: KeyAuth,
    origin: Origin,
    attempt: Attempt,
    body: CreateWebhookEndpoint,
  ): Promise<Creation<MadeEndpoint>> {
    refuseLimited(auth);
    let url = body.url;
    const secret = this.#newSecret();
    return this.idempotency.create<MadeEndpoint>(auth, attempt, {
      // Names are resolved outside of transactions, and not for a repeat.
      prepare: async () => void (url = await this.urls.check(body.url)),
      make: async (query, id) => {
        await refuseSecond(query, auth);
        const now = this.#now();
        const [made] = await query<{ row: WebhookEndpointSnapshot }>(
          `INSERT INTO webhook_endpoint AS w (id, tenant_id, mode, url, types, secret, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING webhook_endpoint_row(w) AS row`,
          [id, auth.tenantId, auth.mode, url, body.types ?? null, await this.#seal(auth, id, secret), now],
        ).catch(asSecond);
        if (made === undefined) throw new Error('no endpoint was made');
        await this.#note(query, auth, origin, 'webhook_endpoint.create', id, { url });
        return { row: made.row, secret };
      },
      load: async (query, id) => ({ row: await this.#require(query, auth, id), secret: null }),
    });
  }

  /** Newest first: at most one of each mode, and a key sees its own mode. */
  async list(auth: KeyAuth): Promise<WebhookEndpointSnapshot[]> {
    refuseLimited(auth);
    const rows = await this.transactions.as(auth, (query) =>
      query<{ row: WebhookEndpointSnapshot }>(
        'SELECT webhook_endpoint_row(w) AS row FROM webhook_endpoint w WHERE mode = $1 AND deleted_at IS NULL ORDER BY id DESC',
        [auth.mode],
      ),
    );
    return rows.map(({ row }) => row);
  }

  get(auth: KeyAuth, id: string): Promise<WebhookEndpointSnapshot> {
    refuseLimited(auth);
    return this.transactions.as(auth, (query) => this.#require(query, auth, id));
  }

  async update(
    auth: KeyAuth,
    origin: Origin,
    id: string,
    body: UpdateWebhookEndpoint,
  ): Promise<WebhookEndpointSnapshot> {
    // Whose it is comes first: a stranger must not make us resolve names.
    const before = await this.get(auth, id);
    const url = body.url === undefined ? before.url : await this.urls.check(body.url);
    const row = await this.transactions.as(auth, async (query) => {
      const [changed] = await query<{ row: WebhookEndpointSnapshot }>(
        `UPDATE webhook_endpoint w
            SET url = $3, types = CASE WHEN $4 THEN $5::text[] ELSE w.types END, updated_at = $6,
                enabled = coalesce(NOT $7::boolean, w.enabled),
                disabled_reason = CASE WHEN $7 THEN coalesce(w.disabled_reason, 'by_request')
                                       WHEN NOT $7 THEN NULL ELSE w.disabled_reason END,
                failing_since = CASE WHEN NOT $7 THEN NULL ELSE w.failing_since END
          WHERE id = $1 AND mode = $2 AND deleted_at IS NULL RETURNING webhook_endpoint_row(w) AS row`,
        [id, auth.mode, url, body.types !== undefined, body.types ?? null, this.#now(), body.disabled ?? null],
      );
      if (changed === undefined) throw notFound('webhook endpoint');
      await this.#note(query, auth, origin, 'webhook_endpoint.update', id, body);
      return changed.row;
    });
    return row;
  }

  /** What waits for it is given up; the log of deliveries stays. */
  delete(auth: KeyAuth, origin: Origin, id: string): Promise<WebhookEndpointSnapshot> {
    refuseLimited(auth);
    return this.transactions.as(auth, async (query) => {
      const [gone] = await query<{ row: WebhookEndpointSnapshot }>(
        `UPDATE webhook_endpoint w
            SET deleted_at = $3, updated_at = $3, secret = NULL, secret_before = NULL, secret_before_until = NULL,
                enabled = false, disabled_reason = coalesce(w.disabled_reason, 'by_request')
          WHERE id = $1 AND mode = $2 AND deleted_at IS NULL RETURNING webhook_endpoint_row(w) AS row`,
        [id, auth.mode, this.#now()],
      );
      if (gone === undefined) throw notFound('webhook endpoint');
      await this.#note(query, auth, origin, 'webhook_endpoint.delete', id, {});
      return gone.row;
    });
  }

  rotate(
    auth: KeyAuth,
    origin: Origin,
    attempt: Attempt,
    id: string,
    body: RotateSecret,
  ): Promise<Creation<MadeEndpoint>> {
    refuseLimited(auth);
    const secret = this.#newSecret();
    return this.idempotency.create<MadeEndpoint>(auth, attempt, {
      make: async (query) => {
        await this.#require(query, auth, id);
        const now = this.clock.now();
        const [rotated] = await query<{ row: WebhookEndpointSnapshot }>(
          `UPDATE webhook_endpoint w
              SET secret = $2, updated_at = $4,
                  secret_before = CASE WHEN $3::timestamptz > $4::timestamptz THEN w.secret END,
                  secret_before_until = CASE WHEN $3 > $4 THEN $3 END
            WHERE id = $1 AND deleted_at IS NULL RETURNING webhook_endpoint_row(w) AS row`,
          [
            id,
            await this.#seal(auth, id, secret),
            new Date(now + body.overlap_minutes * MINUTE_MS).toISOString(),
            new Date(now).toISOString(),
          ],
        );
        if (rotated === undefined) throw notFound('webhook endpoint');
        await this.#note(query, auth, origin, 'webhook_endpoint.rotate_secret', id, body);
        return { row: rotated.row, secret };
      },
      load: async (query) => ({ row: await this.#require(query, auth, id), secret: null }),
    });
  }

  /** Sends an event of the type `test` on its way; the delivery tells what becomes of it. */
  async test(auth: KeyAuth, origin: Origin, attempt: Attempt, id: string): Promise<Creation<WebhookDeliveryRow>> {
    refuseLimited(auth);
    const creation = await this.idempotency.create<WebhookDeliveryRow>(auth, attempt, {
      // The attempt's own id becomes the event's.
      make: async (query, eventId) => {
        const endpoint = await this.#require(query, auth, id);
        if (!endpoint.enabled) {
          throw new ApiProblem(
            409,
            'webhook_endpoint_disabled',
            'This endpoint is switched off. Switch it on with `{"disabled": false}` first.',
          );
        }
        await query(`SELECT record_webhook_event($1, 'test', w, $3) FROM webhook_endpoint w WHERE w.id = $2`, [
          eventId,
          id,
          this.#now(),
        ]);
        await this.#note(query, auth, origin, 'webhook_endpoint.test', id, { event: idFromUuid('evt', eventId) });
        return deliveryOf(query, id, eventId);
      },
      load: async (query, eventId) => deliveryOf(query, id, eventId),
    });
    this.bell.ring();
    return creation;
  }

  async #require(query: Query, auth: KeyAuth, id: string): Promise<WebhookEndpointSnapshot> {
    const [found] = await query<{ row: WebhookEndpointSnapshot }>(
      'SELECT webhook_endpoint_row(w) AS row FROM webhook_endpoint w WHERE id = $1 AND mode = $2 AND deleted_at IS NULL',
      [id, auth.mode],
    );
    if (found === undefined) throw notFound('webhook endpoint');
    return found.row;
  }

  #newSecret(): string {
    return webhookSecret(this.randomBytes(SECRET_BYTES));
  }

  #seal(auth: KeyAuth, id: string, secret: string): Promise<Buffer> {
    return this.sealer.seal({ tenant: auth.tenantId }, secret, secretContext(id));
  }

  #now(): string {
    return new Date(this.clock.now()).toISOString();
  }

  #note(
    query: Query,
    auth: KeyAuth,
    origin: Origin,
    action: string,
    id: string,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const subject = idFromUuid('whe', id);
    return this.audit.write(query, { auth, origin, action, subject, tenantId: auth.tenantId, mode: auth.mode, detail });
  }
}

/** What is delivered concerns all organizations of the tenant, so a key that sees some of them must not decide where it goes. */
export function refuseLimited(auth: KeyAuth): void {
  if (auth.organizations === null) return;
  const detail = 'A key that is limited to organizations cannot manage webhooks, which tell of all of them.';
  throw new ApiProblem(403, 'key_is_limited', detail);
}

async function refuseSecond(query: Query, auth: KeyAuth): Promise<void> {
  const [held] = await query<{ id: string }>('SELECT id FROM webhook_endpoint WHERE mode = $1 AND deleted_at IS NULL', [
    auth.mode,
  ]);
  if (held !== undefined) throw second({ webhook_endpoint: idFromUuid('whe', held.id) });
}

/** Two that are made at the same moment: the second one meets the index. */
function asSecond(error: unknown): never {
  throw brokenConstraint(error) === 'webhook_endpoint_one' ? second({}) : error;
}

function second(extra: Readonly<Record<string, unknown>>): ApiProblem {
  const detail = 'This tenant has an endpoint for this mode already. Change that one, or delete it first.';
  return new ApiProblem(409, 'webhook_endpoint_exists', detail, { extra });
}

async function deliveryOf(query: Query, endpointId: string, eventId: string): Promise<WebhookDeliveryRow> {
  const [row] = await query<WebhookDeliveryRow>(
    `SELECT ${DELIVERY_COLUMNS} FROM webhook_delivery WHERE endpoint_id = $1 AND event_id = $2`,
    [endpointId, eventId],
  );
  // An attempt of a month ago, or of an endpoint that is another by now.
  if (row === undefined) throw notFound('webhook delivery');
  return row;
}
