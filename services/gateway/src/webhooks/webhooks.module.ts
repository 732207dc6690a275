import { Module } from '@nestjs/common';
import type { GatewayConfig } from '../config.ts';
import { CONFIG } from '../tokens.ts';
import { ClearWebhooks } from './clear-webhooks.ts';
import { DeliverWebhooks } from './deliver-webhooks.ts';
import { DeliveryStore } from './delivery-store.ts';
import { resolveHost } from './resolve-host.ts';
import { WebhookDeliveriesController } from './webhook-deliveries.controller.ts';
import { WebhookDeliveries } from './webhook-deliveries.ts';
import { WebhookEndpointsController } from './webhook-endpoints.controller.ts';
import { WebhookEndpoints } from './webhook-endpoints.ts';
import { WebhookSender } from './webhook-sender.ts';
import { DEFAULT_WEBHOOK_SETTINGS, RESOLVE_HOST, WEBHOOK_SETTINGS, type WebhookSettings } from './webhook-settings.ts';
import { WebhookUrls } from './webhook-url.ts';

/**
 * Events sent to the tenants' own servers. A row per endpoint and event is written with the event (record_event); the worker
 * (deliver-webhooks) takes due rows, signs and sends (webhook-sender), and writes what came of it.
 */
@Module({
  controllers: [WebhookEndpointsController, WebhookDeliveriesController],
  providers: [
    {
      provide: WEBHOOK_SETTINGS,
      inject: [CONFIG],
      useFactory: (config: GatewayConfig): WebhookSettings => ({
        ...DEFAULT_WEBHOOK_SETTINGS,
        allowedNetworks: config.webhookAllowedNetworks,
      }),
    },
    { provide: RESOLVE_HOST, useValue: resolveHost },
    WebhookUrls,
    WebhookEndpoints,
    WebhookDeliveries,
    DeliveryStore,
    WebhookSender,
    DeliverWebhooks,
    ClearWebhooks,
  ],
})
export class WebhooksModule {}
