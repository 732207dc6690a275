import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query as QueryParameters } from '@nestjs/common';
import { z } from 'zod';
import { type Answer, created } from '../http/answer.ts';
import { type Attempt, CreationAttempt } from '../http/attempt.ts';
import type { KeyAuth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { IdPipe } from '../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../http/origin.ts';
import { afterOf, type Page, pageOf, pageSchema, pageShape } from '../http/page.ts';
import { CallerKey, Requires } from '../http/requires.ts';
import {
  connectionView,
  type CreateConnection,
  createConnectionSchema,
  type UpdateConnection,
  updateConnectionSchema,
} from './connection.schema.ts';
import { connectionOf } from './connection.ts';
import { Connections } from './connections.ts';

const tag = 'Connections';
const listSchema = z.strictObject(pageShape);
const id = () => Param('id', new IdPipe('con', 'connection'));
const organization = () => Param('id', new IdPipe('org', 'organization'));

@Controller('v1')
@Requires('organizations:write')
export class ConnectionsController {
  constructor(private readonly connections: Connections) {}

  @Post('organizations/:id/connections')
  @Operation({
    tag,
    summary: 'Connect an organization with a provider',
    description:
      'The provider is asked in the background: look at the connection until its status is `verified` or `failed`.',
    status: 201,
    answer: connectionView,
    idempotencyKey: 'required',
    problems: {
      400: ['invalid_request'],
      403: ['tax_id_not_granted'],
      404: ['not_found'],
      409: ['connection_exists'],
      422: [
        'provider_not_available',
        'scheme_not_available',
        'provider_country_mismatch',
        'provider_not_configured',
        'base_url_not_allowed',
        'certificate_required',
        'certificate_unknown',
        'certificate_mismatch',
        'certificate_expired',
        'certificate_not_ready',
        'certificate_not_used',
        'certificate_invalid',
        'api_key_required',
        'api_key_not_used',
        'organization_archived',
      ],
    },
  })
  async create(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @CreationAttempt() attempt: Attempt,
    @organization() organizationId: string,
    @Body({ schema: createConnectionSchema }) body: CreateConnection,
  ): Promise<Answer> {
    const { replayed, value } = await this.connections.create(auth, origin, attempt, organizationId, body);
    return created(replayed, connectionOf(value));
  }

  @Get('organizations/:id/connections')
  @Requires('organizations:write', 'payments:read')
  @Operation({
    tag,
    summary: 'List connections of an organization, newest first',
    answer: pageSchema(connectionView),
    problems: { 404: ['not_found'] },
  })
  async list(
    @CallerKey() auth: KeyAuth,
    @organization() organizationId: string,
    @QueryParameters({ schema: listSchema }) page: z.output<typeof listSchema>,
  ): Promise<Page<object>> {
    return pageOf(await this.connections.list(auth, organizationId, afterOf(page), page.limit + 1), page, connectionOf);
  }

  @Get('connections/:id')
  @Requires('organizations:write', 'payments:read')
  @Operation({ tag, summary: 'Look at a connection', answer: connectionView, problems: { 404: ['not_found'] } })
  async get(@CallerKey() auth: KeyAuth, @id() connectionId: string): Promise<object> {
    return connectionOf(await this.connections.get(auth, connectionId));
  }

  @Patch('connections/:id')
  @Operation({
    tag,
    summary: 'Change certificate, API key or options; the connection is verified again',
    answer: connectionView,
    problems: {
      400: ['invalid_request'],
      403: ['tax_id_not_granted'],
      404: ['not_found'],
      409: ['connection_disabled'],
      422: [
        'certificate_required',
        'certificate_unknown',
        'certificate_mismatch',
        'certificate_expired',
        'certificate_not_ready',
        'certificate_not_used',
        'certificate_invalid',
        'api_key_required',
        'api_key_not_used',
      ],
    },
  })
  async update(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @id() connectionId: string,
    @Body({ schema: updateConnectionSchema }) body: UpdateConnection,
  ): Promise<object> {
    return connectionOf(await this.connections.update(auth, origin, connectionId, body));
  }

  @Post('connections/:id/verify')
  @HttpCode(200)
  @Operation({
    tag,
    summary: 'Ask the provider again',
    answer: connectionView,
    problems: { 404: ['not_found'], 409: ['connection_disabled'] },
  })
  async verify(@CallerKey() auth: KeyAuth, @CallOrigin() origin: Origin, @id() connectionId: string): Promise<object> {
    return connectionOf(await this.connections.verify(auth, origin, connectionId));
  }

  @Post('connections/:id/disable')
  @HttpCode(200)
  @Operation({
    tag,
    summary: 'Disable a connection',
    description: 'It takes no new payments; payments under way go on.',
    answer: connectionView,
    problems: { 404: ['not_found'], 409: ['connection_disabled'] },
  })
  async disable(@CallerKey() auth: KeyAuth, @CallOrigin() origin: Origin, @id() connectionId: string): Promise<object> {
    return connectionOf(await this.connections.disable(auth, origin, connectionId));
  }
}
