import { randomBytes } from 'node:crypto';
import { createLogger } from '@tolem/observability';
import { parseMasterKeys, Sealer } from '@tolem/persistence';
import { EventBell } from '../../events/event-bell.ts';
import type { PaymentHouse } from '../../payments/test/payment-house.ts';
import { ClearWebhooks } from '../clear-webhooks.ts';
import { DeliverWebhooks } from '../deliver-webhooks.ts';
import { DeliveryStore } from '../delivery-store.ts';
import { secretContext } from '../webhook-endpoints.ts';
import { webhookSecret } from '../webhook-secret.ts';
import { WebhookSender } from '../webhook-sender.ts';
import { DEFAULT_WEBHOOK_SETTINGS, type WebhookSettings } from '../webhook-settings.ts';

export interface EndpointState {
  readonly enabled: boolean;
  readonly disabled_reason: string | null;
  readonly failing_since: Date | null;
}

export interface DeliveryState {
  readonly event_id: string;
  readonly type: string;
  readonly state: string;
  readonly attempts: number;
  readonly next_at: Date;
  readonly lease_until: Date | null;
  readonly last_status: number | null;
  readonly last_error: string | null;
}

/** One process that delivers, on the database of a house of payments; several of them stand for several replicas. */
export class WebhookHouse {
  readonly settings: WebhookSettings;
  readonly sealer: Sealer;
  readonly bell: EventBell;
  readonly store: DeliveryStore;
  readonly sender: WebhookSender;
  readonly deliver: DeliverWebhooks;
  readonly clear: ClearWebhooks;
  readonly logLines: string[] = [];
  #isStopped = false;

  constructor(
    readonly house: PaymentHouse,
    settings: Partial<WebhookSettings> = {},
  ) {
    this.settings = {
      ...DEFAULT_WEBHOOK_SETTINGS,
      allowedNetworks: ['127.0.0.0/8'],
      scanEveryMs: 20,
      settleEveryMs: 1,
      ...settings,
    };
    const { worker, ids, clock } = house;
    const logger = createLogger({
      service: 'gateway',
      level: 'info',
      stream: { write: (line) => void this.logLines.push(line) },
    });
    const random = (n: number): Uint8Array => randomBytes(n);
    this.sealer = new Sealer(worker, parseMasterKeys(Buffer.alloc(32, 7).toString('base64')), () => ids.uuid());
    this.bell = new EventBell(house.wakeUps);
    this.store = new DeliveryStore(worker, clock, ids, this.settings);
    this.sender = new WebhookSender(() => Promise.resolve([{ address: '127.0.0.1', family: 4 }]), this.settings);
    this.deliver = new DeliverWebhooks(
      this.store,
      this.sender,
      this.sealer,
      this.bell,
      clock,
      random,
      this.settings,
      logger,
    );
    this.clear = new ClearWebhooks(worker, clock, this.settings, logger);
  }

  start(): this {
    this.deliver.onApplicationBootstrap();
    return this;
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.deliver.onModuleDestroy();
  }

  /** An endpoint of a tenant, as the API makes it; its id. */
  async endpoint(
    tenantId: string,
    url: string,
    types: readonly string[] | null = null,
  ): Promise<{ id: string; secret: string }> {
    const id = this.house.ids.uuid();
    const secret = webhookSecret(randomBytes(32));
    await this.house.rows(
      `INSERT INTO webhook_endpoint (id, tenant_id, mode, url, types, secret, created_at, updated_at)
       VALUES ($1, $2, 'test', $3, $4, $5, $6, $6)`,
      [id, tenantId, url, types, await this.sealer.seal({ tenant: tenantId }, secret, secretContext(id)), this.#now()],
    );
    return { id, secret };
  }

  /** An endpoint's deliveries in the order of their events. */
  deliveries(endpoint: string): Promise<DeliveryState[]> {
    return this.house.rows<DeliveryState>(
      `SELECT d.* FROM webhook_delivery d JOIN event e ON e.id = d.event_id WHERE endpoint_id = $1 ORDER BY e.txid, e.seq`,
      [endpoint],
    );
  }

  async state(endpoint: string): Promise<EndpointState | undefined> {
    const [row] = await this.house.rows<EndpointState>('SELECT * FROM webhook_endpoint WHERE id = $1', [endpoint]);
    return row;
  }

  #now(): Date {
    return new Date(this.house.clock.now());
  }
}
