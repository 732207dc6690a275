import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query as QueryParameters } from '@nestjs/common';
import { idFromUuid } from '@tolem/domain';
import { z } from 'zod';
import { type Answer, created } from '../http/answer.ts';
import { type Attempt, CreationAttempt } from '../http/attempt.ts';
import type { OperatorAuth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { IdPipe } from '../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../http/origin.ts';
import { afterOf, type Page, pageOf, pageSchema, pageShape } from '../http/page.ts';
import { CallerOperator, OperatorOnly } from '../http/requires.ts';
import {
  type CreateTenant,
  createTenantSchema,
  madeTenantView,
  tenantView,
  type UpdateTenant,
  updateTenantSchema,
} from './tenant.schema.ts';
import { tenantOf, Tenants } from './tenants.ts';

const tag = 'Tenants (operator)';
const listSchema = z.strictObject(pageShape);
const id = () => Param('id', new IdPipe('ten', 'tenant'));

@Controller('v1/tenants')
@OperatorOnly()
export class TenantsController {
  constructor(private readonly tenants: Tenants) {}

  @Post()
  @Operation({
    tag,
    summary: 'Make a tenant and its first API key',
    description: 'The key is for test mode and may do everything; its secret is shown this once.',
    status: 201,
    answer: madeTenantView,
    bodyExample: { name: 'Small Shops LLP' },
    idempotencyKey: 'required',
    problems: { 400: ['invalid_request'] },
  })
  async create(
    @CallerOperator() auth: OperatorAuth,
    @CallOrigin() origin: Origin,
    @CreationAttempt() attempt: Attempt,
    @Body({ schema: createTenantSchema }) body: CreateTenant,
  ): Promise<Answer> {
    const { replayed, value } = await this.tenants.create(auth, origin, attempt, body);
    const { row, text } = value.key;
    return created(replayed, {
      ...tenantOf(value.row),
      api_key: { id: idFromUuid('key', row.id), secret: text, mode: row.mode },
    });
  }

  @Get()
  @Operation({ tag, summary: 'List tenants, newest first', answer: pageSchema(tenantView) })
  async list(
    @CallerOperator() auth: OperatorAuth,
    @QueryParameters({ schema: listSchema }) page: z.output<typeof listSchema>,
  ): Promise<Page<object>> {
    return pageOf(await this.tenants.list(auth, afterOf(page), page.limit + 1), page, tenantOf);
  }

  @Get(':id')
  @Operation({ tag, summary: 'Look at a tenant', answer: tenantView, problems: { 404: ['not_found'] } })
  async get(@CallerOperator() auth: OperatorAuth, @id() tenantId: string): Promise<object> {
    return tenantOf(await this.tenants.get(auth, tenantId));
  }

  @Patch(':id')
  @Operation({
    tag,
    summary: 'Change what happens to late money',
    answer: tenantView,
    bodyExample: { late_policy: 'keep' },
    problems: { 400: ['invalid_request'], 404: ['not_found'] },
  })
  async update(
    @CallerOperator() auth: OperatorAuth,
    @CallOrigin() origin: Origin,
    @id() tenantId: string,
    @Body({ schema: updateTenantSchema }) body: UpdateTenant,
  ): Promise<object> {
    return tenantOf(await this.tenants.update(auth, origin, tenantId, body));
  }

  @Post(':id/suspend')
  @HttpCode(200)
  @Operation({
    tag,
    summary: 'Suspend a tenant',
    description:
      'Its keys are refused within five seconds (403 `tenant_suspended`); payments under way go on to their end.',
    answer: tenantView,
    problems: { 404: ['not_found'] },
  })
  async suspend(
    @CallerOperator() auth: OperatorAuth,
    @CallOrigin() origin: Origin,
    @id() tenantId: string,
  ): Promise<object> {
    return tenantOf(await this.tenants.setStatus(auth, origin, tenantId, 'suspended'));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @Operation({
    tag,
    summary: 'Let a suspended tenant work again',
    answer: tenantView,
    problems: { 404: ['not_found'] },
  })
  async resume(
    @CallerOperator() auth: OperatorAuth,
    @CallOrigin() origin: Origin,
    @id() tenantId: string,
  ): Promise<object> {
    return tenantOf(await this.tenants.setStatus(auth, origin, tenantId, 'active'));
  }
}
