import { Body, Controller, HttpCode, Post, Query as QueryParameters, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes } from '@nestjs/swagger';
import { connectionOf } from '../connections/connection.ts';
import { deskOf } from '../desks/desk.ts';
import { type Answer, created } from '../http/answer.ts';
import { type Attempt, CreationAttempt } from '../http/attempt.ts';
import type { GatewayRequest, KeyAuth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { CallOrigin, type Origin } from '../http/origin.ts';
import { CallerKey, Requires } from '../http/requires.ts';
import { organizationOf } from '../organizations/organization.ts';
import { readBulkFile } from './bulk-file.ts';
import { BulkOnboarding } from './bulk-onboarding.ts';
import { type BulkQuery, bulkQuerySchema, bulkView } from './bulk.schema.ts';
import { BULK_ROUTE, CsvUploads } from './csv-uploads.ts';
import { type OnboardOrganization, onboardedView, onboardOrganizationSchema } from './onboard-organization.schema.ts';
import { OnboardOrganizations } from './onboard-organization.ts';

const tag = 'Organizations';
const EXAMPLE_FILE = `country,tax_id,name,scheme,certificate,desk,trade_point,max_amount
KZ,260141000010,Small Shops LLP,r3,crt_06dzkx3m0g7w1s8t2v4y5z6a7b,desk-01,41,100000000
`;

@Controller()
@Requires('organizations:write')
export class OnboardingController {
  constructor(
    private readonly onboarding: OnboardOrganizations,
    private readonly bulk: BulkOnboarding,
    private readonly uploads: CsvUploads,
  ) {}

  @Post('v1/organizations')
  @Operation({
    tag,
    summary: 'Make an organization (a legal entity of the chain)',
    description:
      'With `connection` it is connected in the same transaction: the provider is asked in the background, the first desk’s device is registered, and `onboarding` of the connection tells how far that is and what is to be mended.',
    status: 201,
    answer: onboardedView,
    bodyExample: {
      country: 'KZ',
      tax_id: '260141000010',
      name: 'Small Shops LLP',
      max_amount: 100000000,
      connection: { provider: 'kaspi', scheme: 'r3', certificate: 'crt_06dzkx3m0g7w1s8t2v4y5z6a7b' },
      desk: { id: 'desk-01' },
    },
    idempotencyKey: 'required',
    problems: {
      400: ['invalid_request'],
      403: ['key_is_limited', 'tax_id_not_granted'],
      409: ['organization_exists', 'desk_exists'],
      422: [
        'tax_id_invalid',
        'provider_not_available',
        'scheme_not_available',
        'provider_country_mismatch',
        'provider_not_configured',
        'base_url_not_allowed',
        'certificate_required',
        'certificate_mismatch',
        'certificate_expired',
      ],
    },
  })
  async create(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @CreationAttempt() attempt: Attempt,
    @Body({ schema: onboardOrganizationSchema }) body: OnboardOrganization,
  ): Promise<Answer> {
    const { replayed, value } = await this.onboarding.create(auth, origin, attempt, body);
    const { organization, connection, desk } = value;
    return created(replayed, {
      ...organizationOf(organization),
      ...(connection === undefined ? {} : { connection: connectionOf(connection) }),
      ...(desk === undefined ? {} : { desk: deskOf(desk) }),
    });
  }

  @Post(BULK_ROUTE)
  @HttpCode(200)
  @ApiConsumes('text/csv')
  @ApiBody({ required: true, schema: { type: 'string' }, examples: { example: { value: EXAMPLE_FILE } } })
  @Operation({
    tag,
    summary: 'Make or change organizations from a CSV file',
    description:
      'UTF-8, at most 50 MiB and 10 000 rows, `,` or `;` between the columns, a header row with `country`, `tax_id`, `name` and any of `provider`, `scheme`, `certificate`, `desk`, `trade_point`, `max_amount` (minor units). Each row has a result of its own; a refused one does not stop the others. An organization with several desks has several rows. The same file again changes nothing, so no Idempotency-Key is needed.',
    answer: bulkView,
    idempotencyKey: 'optional',
    problems: {
      400: ['invalid_request', 'invalid_csv'],
      403: ['key_is_limited'],
      413: ['body_too_large'],
      415: ['unsupported_media_type'],
      429: ['too_many_uploads'],
    },
  })
  async upload(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @QueryParameters({ schema: bulkQuerySchema }) query: BulkQuery,
    @Req() request: GatewayRequest,
  ): Promise<object> {
    return this.uploads.take(request, async (bytes) =>
      this.bulk.run({ auth, origin }, await readBulkFile(bytes), query.dry_run),
    );
  }
}
