import { Controller, Get, Param, Query } from '@nestjs/common';
import { uuidFromId } from '@tolem/domain';
import { z } from 'zod';
import { notFound } from '../http/api-problem.ts';
import type { KeyAuth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { IdPipe } from '../http/id-pipe.ts';
import { afterOf, type Page, pageOf, pageSchema, pageShape } from '../http/page.ts';
import { CallerKey, Requires } from '../http/requires.ts';
import { WebhookDeliveries } from './webhook-deliveries.ts';
import {
  DELIVERY_STATES,
  type WebhookDeliveryView,
  webhookDeliveryView,
  webhookDeliveryViewSchema,
} from './webhook-delivery.ts';

const tag = 'Webhooks';
const listSchema = z.strictObject({
  ...pageShape,
  endpoint: z.string().max(64).optional().describe('`whe_…`, deleted ones too.'),
  state: z.enum(DELIVERY_STATES).optional(),
});

@Controller('v1/webhook_deliveries')
@Requires('webhooks:write')
export class WebhookDeliveriesController {
  constructor(private readonly deliveries: WebhookDeliveries) {}

  @Get()
  @Operation({
    tag,
    summary: 'List deliveries, newest first',
    description: 'Kept for 30 days, as the events are.',
    answer: pageSchema(webhookDeliveryViewSchema),
    problems: { 400: ['invalid_request', 'invalid_cursor'], 403: ['key_is_limited'], 404: ['not_found'] },
  })
  async list(
    @CallerKey() auth: KeyAuth,
    @Query({ schema: listSchema }) query: z.output<typeof listSchema>,
  ): Promise<Page<WebhookDeliveryView>> {
    const rows = await this.deliveries.list(auth, {
      endpoint: endpointOf(query.endpoint),
      state: query.state ?? null,
      after: afterOf(query),
      // The one too many only tells that there are more.
      limit: query.limit + 1,
    });
    return pageOf(rows, query, webhookDeliveryView);
  }

  @Get(':id')
  @Operation({
    tag,
    summary: 'Look at a delivery',
    answer: webhookDeliveryViewSchema,
    problems: { 403: ['key_is_limited'], 404: ['not_found'] },
  })
  async get(
    @CallerKey() auth: KeyAuth,
    @Param('id', new IdPipe('whd', 'webhook delivery')) id: string,
  ): Promise<WebhookDeliveryView> {
    return webhookDeliveryView(await this.deliveries.get(auth, id));
  }
}

function endpointOf(id: string | undefined): string | null {
  if (id === undefined) return null;
  const uuid = uuidFromId('whe', id);
  if (uuid === undefined) throw notFound('webhook endpoint');
  return uuid;
}
