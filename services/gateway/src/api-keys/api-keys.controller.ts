import { Body, Controller, Delete, Get, Inject, Param, Post, Query as QueryParameters } from '@nestjs/common';
import { type Clock, uuidFromId } from '@tolem/domain';
import { z } from 'zod';
import { type Answer, created } from '../http/answer.ts';
import { type Attempt, CreationAttempt } from '../http/attempt.ts';
import type { Auth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { IdPipe } from '../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../http/origin.ts';
import { afterOf, type Page, pageOf, pageSchema, pageShape } from '../http/page.ts';
import { Caller, OperatorOr } from '../http/requires.ts';
import { CLOCK } from '../tokens.ts';
import type { MadeKey } from './api-key-store.ts';
import {
  apiKeyView,
  type CreateApiKey,
  createApiKeySchema,
  madeApiKeyView,
  type RotateApiKey,
  rotateApiKeySchema,
} from './api-key.schema.ts';
import { apiKeyOf } from './api-key.ts';
import { ApiKeys } from './api-keys.ts';

const tag = 'API keys';
const listSchema = z.strictObject({
  ...pageShape,
  tenant: z
    .string()
    .transform((text, context) => {
      const uuid = uuidFromId('ten', text);
      if (uuid === undefined) context.addIssue('is not the id of a tenant');
      return uuid ?? z.NEVER;
    })
    .optional()
    .describe('Only keys of this tenant; for the operator.'),
});

@Controller('v1')
@OperatorOr('admin')
export class ApiKeysController {
  constructor(
    private readonly keys: ApiKeys,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post('tenants/:id/api_keys')
  @Operation({
    tag,
    summary: 'Make an API key of a tenant',
    description:
      'The operator makes keys of any tenant, an unlimited admin key makes keys of its own tenant. The secret is shown this once.',
    status: 201,
    answer: madeApiKeyView,
    bodyExample: { mode: 'test', scopes: ['payments:write'], name: 'Store server' },
    idempotencyKey: 'required',
    problems: {
      400: ['invalid_request'],
      403: ['key_is_limited', 'mode_not_allowed'],
      404: ['not_found'],
      422: ['organization_unknown'],
    },
  })
  async create(
    @Caller() auth: Auth,
    @CallOrigin() origin: Origin,
    @CreationAttempt() attempt: Attempt,
    @Param('id', new IdPipe('ten', 'tenant')) tenantId: string,
    @Body({ schema: createApiKeySchema }) body: CreateApiKey,
  ): Promise<Answer> {
    const { replayed, value } = await this.keys.create(auth, origin, attempt, tenantId, body);
    return created(replayed, this.#made(value));
  }

  @Get('api_keys')
  @Operation({ tag, summary: 'List API keys, newest first', answer: pageSchema(apiKeyView) })
  async list(
    @Caller() auth: Auth,
    @QueryParameters({ schema: listSchema }) page: z.output<typeof listSchema>,
  ): Promise<Page<object>> {
    const rows = await this.keys.list(auth, page.tenant ?? null, afterOf(page), page.limit + 1);
    return pageOf(rows, page, (row) => apiKeyOf(row, this.clock.now()));
  }

  @Get('api_keys/:id')
  @Operation({ tag, summary: 'Look at an API key', answer: apiKeyView, problems: { 404: ['not_found'] } })
  async get(@Caller() auth: Auth, @Param('id', new IdPipe('key', 'API key')) id: string): Promise<object> {
    return apiKeyOf(await this.keys.get(auth, id), this.clock.now());
  }

  @Post('api_keys/:id/rotate')
  @Operation({
    tag,
    summary: 'Replace an API key by another one with the same rights',
    description: 'Both keys work for `overlap_minutes`; then the old one is dead.',
    status: 201,
    answer: madeApiKeyView,
    idempotencyKey: 'required',
    problems: { 400: ['invalid_request'], 404: ['not_found'], 409: ['api_key_revoked'] },
  })
  async rotate(
    @Caller() auth: Auth,
    @CallOrigin() origin: Origin,
    @CreationAttempt() attempt: Attempt,
    @Param('id', new IdPipe('key', 'API key')) id: string,
    @Body({ schema: rotateApiKeySchema }) body: RotateApiKey,
  ): Promise<Answer> {
    const { replayed, value } = await this.keys.rotate(auth, origin, attempt, id, body);
    return created(replayed, this.#made(value));
  }

  @Delete('api_keys/:id')
  @Operation({
    tag,
    summary: 'Revoke an API key',
    description: 'It is dead at once in this process and within five seconds everywhere.',
    answer: apiKeyView,
    problems: { 404: ['not_found'] },
  })
  async revoke(
    @Caller() auth: Auth,
    @CallOrigin() origin: Origin,
    @Param('id', new IdPipe('key', 'API key')) id: string,
  ): Promise<object> {
    return apiKeyOf(await this.keys.revoke(auth, origin, id), this.clock.now());
  }

  #made({ row, text }: MadeKey): object {
    return { ...apiKeyOf(row, this.clock.now()), secret: text };
  }
}
