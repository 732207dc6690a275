import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query as QueryParameters } from '@nestjs/common';
import { z } from 'zod';
import type { KeyAuth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { IdPipe } from '../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../http/origin.ts';
import { afterOf, type Page, pageOf, pageSchema, pageShape } from '../http/page.ts';
import { CallerKey, Requires } from '../http/requires.ts';
import { organizationView, type UpdateOrganization, updateOrganizationSchema } from './organization.schema.ts';
import { organizationOf } from './organization.ts';
import { Organizations } from './organizations.ts';

const tag = 'Organizations';
const listSchema = z.strictObject({
  ...pageShape,
  tax_id: z.string().max(32).optional(),
  status: z.enum(['active', 'archived']).optional(),
});
const id = () => Param('id', new IdPipe('org', 'organization'));

@Controller('v1/organizations')
@Requires('organizations:write')
export class OrganizationsController {
  constructor(private readonly organizations: Organizations) {}

  @Get()
  @Requires('organizations:write', 'payments:read')
  @Operation({ tag, summary: 'List organizations, newest first', answer: pageSchema(organizationView) })
  async list(
    @CallerKey() auth: KeyAuth,
    @QueryParameters({ schema: listSchema }) page: z.output<typeof listSchema>,
  ): Promise<Page<object>> {
    const rows = await this.organizations.list(auth, {
      taxId: page.tax_id ?? null,
      status: page.status ?? null,
      after: afterOf(page),
      limit: page.limit + 1,
    });
    return pageOf(rows, page, organizationOf);
  }

  @Get(':id')
  @Requires('organizations:write', 'payments:read')
  @Operation({ tag, summary: 'Look at an organization', answer: organizationView, problems: { 404: ['not_found'] } })
  async get(@CallerKey() auth: KeyAuth, @id() organizationId: string): Promise<object> {
    return organizationOf(await this.organizations.get(auth, organizationId));
  }

  @Patch(':id')
  @Operation({
    tag,
    summary: 'Change name, time zone or largest amount',
    answer: organizationView,
    bodyExample: { max_amount: 200000000 },
    problems: { 400: ['invalid_request'], 404: ['not_found'] },
  })
  async update(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @id() organizationId: string,
    @Body({ schema: updateOrganizationSchema }) body: UpdateOrganization,
  ): Promise<object> {
    return organizationOf(await this.organizations.update(auth, origin, organizationId, body));
  }

  @Post(':id/archive')
  @HttpCode(200)
  @Operation({
    tag,
    summary: 'Archive an organization',
    description: 'It takes no new payments; payments under way go on. `restore` undoes it.',
    answer: organizationView,
    problems: { 404: ['not_found'] },
  })
  async archive(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @id() organizationId: string,
  ): Promise<object> {
    return organizationOf(await this.organizations.archive(auth, origin, organizationId));
  }

  @Post(':id/restore')
  @HttpCode(200)
  @Operation({
    tag,
    summary: 'Bring an archived organization back',
    answer: organizationView,
    problems: { 404: ['not_found'] },
  })
  async restore(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @id() organizationId: string,
  ): Promise<object> {
    return organizationOf(await this.organizations.restore(auth, origin, organizationId));
  }
}
