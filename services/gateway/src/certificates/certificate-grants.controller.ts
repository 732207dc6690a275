import { Body, Controller, Get, Param, Put, Query as QueryParameters } from '@nestjs/common';
import { z } from 'zod';
import type { OperatorAuth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { IdPipe } from '../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../http/origin.ts';
import { afterOf, type Page, pageOf, pageSchema, pageShape } from '../http/page.ts';
import { CallerOperator, OperatorOnly } from '../http/requires.ts';
import { grantsView, type PutGrants, putGrantsSchema } from './certificate.schema.ts';
import { CertificateGrants, grantsOf } from './grants.ts';

const tag = 'Certificates';
const listSchema = z.strictObject(pageShape);
type List = z.output<typeof listSchema>;
const id = () => Param('id', new IdPipe('crt', 'certificate'));
const tenant = () => Param('tenant', new IdPipe('ten', 'tenant'));

@Controller('v1/certificates')
@OperatorOnly()
export class CertificateGrantsController {
  constructor(private readonly grants: CertificateGrants) {}

  @Get(':id/grants')
  @Operation({
    tag,
    summary: 'List who may act for which tax ids',
    answer: pageSchema(grantsView),
    problems: { 404: ['not_found'] },
  })
  async listGrants(
    @CallerOperator() auth: OperatorAuth,
    @id() certificateId: string,
    @QueryParameters({ schema: listSchema }) page: List,
  ): Promise<Page<object>> {
    return pageOf(await this.grants.list(auth, certificateId, afterOf(page), page.limit + 1), page, grantsOf);
  }

  @Get(':id/grants/:tenant')
  @Operation({
    tag,
    summary: 'Look at the tax ids of one tenant',
    answer: grantsView,
    problems: { 404: ['not_found'] },
  })
  async getGrants(
    @CallerOperator() auth: OperatorAuth,
    @id() certificateId: string,
    @tenant() tenantId: string,
  ): Promise<object> {
    return grantsOf(await this.grants.get(auth, certificateId, tenantId));
  }

  @Put(':id/grants/:tenant')
  @Operation({
    tag,
    summary: 'Say which tax ids a tenant may act for under this certificate',
    description:
      'The list replaces the one before. A tax id can be granted to one tenant only. Connections that lose their grant are disabled.',
    answer: grantsView,
    bodyExample: { tax_ids: ['260141000010'] },
    problems: {
      400: ['invalid_request'],
      404: ['not_found'],
      409: ['tax_id_granted_elsewhere'],
      422: ['tax_id_invalid'],
    },
  })
  async putGrants(
    @CallerOperator() auth: OperatorAuth,
    @CallOrigin() origin: Origin,
    @id() certificateId: string,
    @tenant() tenantId: string,
    @Body({ schema: putGrantsSchema }) body: PutGrants,
  ): Promise<object> {
    return grantsOf(await this.grants.replace(auth, origin, { certificateId, tenantId, taxIds: body.tax_ids }));
  }
}
