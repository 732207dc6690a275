import { Body, Controller, Get, Param, Post, Put, Query as QueryParameters } from '@nestjs/common';
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
  certificateView,
  type CreateCertificate,
  createCertificateSchema,
  grantsView,
  type PutGrants,
  putGrantsSchema,
} from './certificate.schema.ts';
import { certificateOf, Certificates } from './certificates.ts';
import { CertificateGrants, grantsOf } from './grants.ts';

const tag = 'Certificates (operator)';
const listSchema = z.strictObject(pageShape);
type List = z.output<typeof listSchema>;
const id = () => Param('id', new IdPipe('crt', 'certificate'));
const tenant = () => Param('tenant', new IdPipe('ten', 'tenant'));

@Controller('v1/certificates')
@OperatorOnly()
export class CertificatesController {
  constructor(
    private readonly certificates: Certificates,
    private readonly grants: CertificateGrants,
  ) {}

  @Post()
  @Operation({
    tag,
    summary: 'Bring in a client certificate that serves many organizations',
    description: 'Key and certificate must fit. The secret is encrypted at once and never shown, logged or sent again.',
    status: 201,
    answer: certificateView,
    idempotencyKey: 'required',
    problems: {
      400: ['invalid_request'],
      422: [
        'provider_not_available',
        'scheme_not_available',
        'certificate_invalid',
        'certificate_expired',
        'private_key_invalid',
        'private_key_mismatch',
      ],
    },
  })
  async create(
    @CallerOperator() auth: OperatorAuth,
    @CallOrigin() origin: Origin,
    @CreationAttempt() attempt: Attempt,
    @Body({ schema: createCertificateSchema }) body: CreateCertificate,
  ): Promise<Answer> {
    const { replayed, value } = await this.certificates.create(auth, origin, attempt, body);
    return created(replayed, certificateOf(value));
  }

  @Get()
  @Operation({ tag, summary: 'List certificates, newest first', answer: pageSchema(certificateView) })
  async list(
    @CallerOperator() auth: OperatorAuth,
    @QueryParameters({ schema: listSchema }) page: List,
  ): Promise<Page<object>> {
    return pageOf(await this.certificates.list(auth, afterOf(page), page.limit + 1), page, certificateOf);
  }

  @Get(':id')
  @Operation({ tag, summary: 'Look at a certificate', answer: certificateView, problems: { 404: ['not_found'] } })
  async get(@CallerOperator() auth: OperatorAuth, @id() certificateId: string): Promise<object> {
    return certificateOf(await this.certificates.get(auth, certificateId));
  }

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
