import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query as QueryParameters } from '@nestjs/common';
import { type Clock, idFromUuid } from '@tolem/domain';
import { z } from 'zod';
import { type Answer, created } from '../http/answer.ts';
import { type Attempt, CreationAttempt } from '../http/attempt.ts';
import type { Auth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { IdPipe } from '../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../http/origin.ts';
import { afterOf, type Page, pageOf, pageSchema, pageShape } from '../http/page.ts';
import { Caller, OperatorOr } from '../http/requires.ts';
import { ClientGone } from '../payments/waiting/client-gone.ts';
import { CLOCK } from '../tokens.ts';
import { CertificateVersions } from './certificate-versions.ts';
import { CertificateWaiters } from './certificate-waiters.ts';
import {
  certificateView,
  type CreateCertificate,
  createCertificateSchema,
  type PutChain,
  putChainSchema,
  type ReplaceCertificate,
  replaceCertificateSchema,
  type RequestCertificate,
  requestCertificateSchema,
  type WaitForRequest,
  waitForRequestSchema,
} from './certificate.schema.ts';
import { type CertificateRow, certificateOf } from './certificate.ts';
import { Certificates, refuseLimited } from './certificates.ts';

const tag = 'Certificates';
const listSchema = z.strictObject(pageShape);
type List = z.output<typeof listSchema>;
const id = () => Param('id', new IdPipe('crt', 'certificate'));

const WHO =
  'A shared certificate is brought by the operator, an organization’s own by a key of its tenant that is not limited to organizations.';
const SCHEME_PROBLEMS = ['provider_not_available', 'scheme_not_available', 'scheme_without_certificate'];
const PAIR_PROBLEMS = [
  'certificate_invalid',
  'certificate_expired',
  'certificate_not_yet_valid',
  'certificate_not_for_clients',
  'private_key_invalid',
  'private_key_mismatch',
  'pass_phrase_wrong',
  'pfx_invalid',
];

@Controller('v1/certificates')
@OperatorOr('organizations:write')
export class CertificatesController {
  constructor(
    private readonly certificates: Certificates,
    private readonly versions: CertificateVersions,
    private readonly waiters: CertificateWaiters,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @Operation({
    tag,
    summary: 'Bring in a client certificate with its key',
    description: `PEM or PFX. Key and certificate must fit. The secret is encrypted at once and never shown, logged or sent again. ${WHO}`,
    status: 201,
    answer: certificateView,
    idempotencyKey: 'required',
    problems: { 400: ['invalid_request'], 403: ['key_is_limited'], 422: [...SCHEME_PROBLEMS, ...PAIR_PROBLEMS] },
  })
  async create(
    @Caller() auth: Auth,
    @CallOrigin() origin: Origin,
    @CreationAttempt() attempt: Attempt,
    @Body({ schema: createCertificateSchema }) body: CreateCertificate,
  ): Promise<Answer> {
    refuseLimited(auth);
    const { replayed, value } = await this.certificates.create(auth, origin, attempt, body);
    return created(replayed, this.#view(value));
  }

  @Post('requests')
  @Operation({
    tag,
    summary: 'Have a key made and get the request for its certificate',
    description: `The private key is made by the provider’s service, kept encrypted, and never leaves. Send \`csr\` to the provider and bring back what it issues. With \`wait\` the answer has it, if it is made in time. ${WHO}`,
    status: 201,
    answer: certificateView,
    idempotencyKey: 'required',
    bodyExample: {
      provider: 'kaspi',
      scheme: 'r3',
      name: 'Shared, from 2027 on',
      subject: {
        region: 'Almaty',
        town: 'Almaty',
        organization: 'Small Shops LLP',
        common_name: 'pay.shops.example',
        email: 'it@shops.example',
      },
    },
    problems: { 400: ['invalid_request'], 403: ['key_is_limited'], 422: SCHEME_PROBLEMS },
  })
  async request(
    @Caller() auth: Auth,
    @CallOrigin() origin: Origin,
    @CreationAttempt() attempt: Attempt,
    @QueryParameters({ schema: waitForRequestSchema }) query: WaitForRequest,
    @Body({ schema: requestCertificateSchema }) body: RequestCertificate,
    @ClientGone() gone: AbortSignal,
  ): Promise<Answer> {
    refuseLimited(auth);
    const { replayed, value } = await this.certificates.request(auth, origin, attempt, body);
    const row = await this.waiters.until(idFromUuid('crt', value.id), value, {
      waitMs: (query.wait ?? 0) * 1_000,
      gone,
      read: () => this.certificates.get(auth, value.id),
      isEnough: ({ versions }) => versions.at(-1)?.state !== 'key_pending',
    });
    return created(replayed, this.#view(row));
  }

  @Get()
  @Operation({ tag, summary: 'List certificates, newest first', answer: pageSchema(certificateView) })
  async list(@Caller() auth: Auth, @QueryParameters({ schema: listSchema }) page: List): Promise<Page<object>> {
    const rows = await this.certificates.list(auth, afterOf(page), page.limit + 1);
    return pageOf(rows, page, (row) => this.#view(row));
  }

  @Get(':id')
  @Operation({ tag, summary: 'Look at a certificate', answer: certificateView, problems: { 404: ['not_found'] } })
  async get(@Caller() auth: Auth, @id() certificateId: string): Promise<object> {
    return this.#view(await this.certificates.get(auth, certificateId));
  }

  @Put(':id/chain')
  @Operation({
    tag,
    summary: 'Bring what the provider has issued for a request',
    description:
      'It must be for the key of the request, good today, for clients, and lead to an authority. The first one is used at once.',
    answer: certificateView,
    problems: {
      400: ['invalid_request'],
      403: ['key_is_limited'],
      404: ['not_found'],
      409: ['certificate_not_requested'],
      422: [...PAIR_PROBLEMS.slice(0, 4), 'private_key_mismatch', 'certificate_chain_broken'],
    },
  })
  async install(
    @Caller() auth: Auth,
    @CallOrigin() origin: Origin,
    @id() certificateId: string,
    @Body({ schema: putChainSchema }) body: PutChain,
  ): Promise<object> {
    refuseLimited(auth);
    return this.#view(await this.versions.install(auth, origin, certificateId, body));
  }

  @Post(':id/replace')
  @HttpCode(200)
  @Operation({
    tag,
    summary: 'Put another pair in the place of the one in use',
    description:
      'The provider is asked under the new pair in the background: only when it has answered the new pair takes over, with the next call and without a pause. `replace` tells how it goes. The same pair once more changes nothing.',
    answer: certificateView,
    problems: {
      400: ['invalid_request'],
      403: ['key_is_limited'],
      404: ['not_found'],
      409: ['certificate_not_ready', 'certificate_from_files', 'certificate_changing'],
      422: [...PAIR_PROBLEMS, 'request_unknown', 'request_in_use', 'certificate_mismatch', 'certificate_not_ready'],
    },
  })
  async replace(
    @Caller() auth: Auth,
    @CallOrigin() origin: Origin,
    @id() certificateId: string,
    @Body({ schema: replaceCertificateSchema }) body: ReplaceCertificate,
  ): Promise<object> {
    refuseLimited(auth);
    return this.#view(await this.versions.replace(auth, origin, certificateId, body));
  }

  #view(row: CertificateRow): object {
    return certificateOf(row, this.clock.now());
  }
}
