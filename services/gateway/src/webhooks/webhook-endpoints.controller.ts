import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { type Answer, created } from '../http/answer.ts';
import { type Attempt, CreationAttempt } from '../http/attempt.ts';
import type { KeyAuth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { IdPipe } from '../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../http/origin.ts';
import { type Page, pageOf, pageSchema, pageShape } from '../http/page.ts';
import { CallerKey, Requires } from '../http/requires.ts';
import { webhookDeliveryView, webhookDeliveryViewSchema } from './webhook-delivery.ts';
import {
  type CreateWebhookEndpoint,
  createWebhookEndpointSchema,
  type RotateSecret,
  rotateSecretSchema,
  type UpdateWebhookEndpoint,
  updateWebhookEndpointSchema,
} from './webhook-endpoint.schema.ts';
import {
  madeWebhookEndpointSchema,
  type WebhookEndpointView,
  webhookEndpointView,
  webhookEndpointViewSchema,
} from './webhook-endpoint.ts';
import { type MadeEndpoint, WebhookEndpoints } from './webhook-endpoints.ts';

const tag = 'Webhooks';
const endpointId = () => Param('id', new IdPipe('whe', 'webhook endpoint'));
const listSchema = z.strictObject(pageShape);
const urlProblems = ['url_invalid', 'https_required', 'url_not_public', 'url_unknown_host'];

@Controller('v1/webhook_endpoints')
@Requires('webhooks:write')
export class WebhookEndpointsController {
  constructor(private readonly endpoints: WebhookEndpoints) {}

  @Post()
  @Operation({
    tag,
    summary: 'Have events sent to a URL of yours',
    description:
      'One endpoint per tenant and mode. The secret that signs deliveries (Standard Webhooks 1.0) is shown this once. ' +
      'Each event is delivered at least once, in no certain order, and tried 12 times over 3 days; `GET /v1/events` has all of them in order.',
    status: 201,
    answer: madeWebhookEndpointSchema,
    bodyExample: { url: 'https://chain.example/tolem', types: ['payment.succeeded', 'payment.late'] },
    idempotencyKey: 'required',
    problems: { 400: ['invalid_request'], 403: ['key_is_limited'], 409: ['webhook_endpoint_exists'], 422: urlProblems },
  })
  async create(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @CreationAttempt() attempt: Attempt,
    @Body({ schema: createWebhookEndpointSchema }) body: CreateWebhookEndpoint,
  ): Promise<Answer> {
    const { replayed, value } = await this.endpoints.create(auth, origin, attempt, body);
    return created(replayed, made(value));
  }

  @Get()
  @Operation({
    tag,
    summary: 'List webhook endpoints',
    answer: pageSchema(webhookEndpointViewSchema),
    problems: { 400: ['invalid_request'], 403: ['key_is_limited'] },
  })
  async list(
    @CallerKey() auth: KeyAuth,
    @Query({ schema: listSchema }) page: z.output<typeof listSchema>,
  ): Promise<Page<WebhookEndpointView>> {
    return pageOf(await this.endpoints.list(auth), page, webhookEndpointView);
  }

  @Get(':id')
  @Operation({
    tag,
    summary: 'Look at a webhook endpoint',
    answer: webhookEndpointViewSchema,
    problems: { 403: ['key_is_limited'], 404: ['not_found'] },
  })
  async get(@CallerKey() auth: KeyAuth, @endpointId() id: string): Promise<WebhookEndpointView> {
    return webhookEndpointView(await this.endpoints.get(auth, id));
  }

  @Patch(':id')
  @Operation({
    tag,
    summary: 'Change URL or types, switch off or on',
    answer: webhookEndpointViewSchema,
    bodyExample: { disabled: false },
    problems: { 400: ['invalid_request'], 403: ['key_is_limited'], 404: ['not_found'], 422: urlProblems },
  })
  async update(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @endpointId() id: string,
    @Body({ schema: updateWebhookEndpointSchema }) body: UpdateWebhookEndpoint,
  ): Promise<WebhookEndpointView> {
    return webhookEndpointView(await this.endpoints.update(auth, origin, id, body));
  }

  @Delete(':id')
  @Operation({
    tag,
    summary: 'Delete a webhook endpoint',
    description: 'What still waits for it is given up; the log of its deliveries stays for 30 days.',
    answer: webhookEndpointViewSchema,
    problems: { 403: ['key_is_limited'], 404: ['not_found'] },
  })
  async delete(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @endpointId() id: string,
  ): Promise<WebhookEndpointView> {
    return webhookEndpointView(await this.endpoints.delete(auth, origin, id));
  }

  @Post(':id/rotate_secret')
  @Operation({
    tag,
    summary: 'Replace the secret',
    description: 'For `overlap_minutes` deliveries carry two signatures, one of each secret; then the old one is dead.',
    status: 201,
    answer: madeWebhookEndpointSchema,
    idempotencyKey: 'required',
    problems: { 400: ['invalid_request'], 403: ['key_is_limited'], 404: ['not_found'] },
  })
  async rotate(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @CreationAttempt() attempt: Attempt,
    @endpointId() id: string,
    @Body({ schema: rotateSecretSchema }) body: RotateSecret,
  ): Promise<Answer> {
    const { replayed, value } = await this.endpoints.rotate(auth, origin, attempt, id, body);
    return created(replayed, made(value));
  }

  @Post(':id/test')
  @Operation({
    tag,
    summary: 'Send a test event',
    description:
      'An event of the type `test`, whatever types the endpoint asks for. Look at the delivery for what became of it.',
    status: 201,
    answer: webhookDeliveryViewSchema,
    idempotencyKey: 'required',
    problems: { 403: ['key_is_limited'], 404: ['not_found'], 409: ['webhook_endpoint_disabled'] },
  })
  async test(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @CreationAttempt() attempt: Attempt,
    @endpointId() id: string,
  ): Promise<Answer> {
    const { replayed, value } = await this.endpoints.test(auth, origin, attempt, id);
    return created(replayed, webhookDeliveryView(value));
  }
}

function made({ row, secret }: MadeEndpoint): object {
  return { ...webhookEndpointView(row), secret };
}
