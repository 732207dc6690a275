import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query as QueryParameters } from '@nestjs/common';
import { uuidFromId } from '@tolem/domain';
import { z } from 'zod';
import { type Answer, created } from '../http/answer.ts';
import { type Attempt, CreationAttempt } from '../http/attempt.ts';
import type { KeyAuth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { CallOrigin, type Origin } from '../http/origin.ts';
import { afterOf, type Page, pageOf, pageSchema, pageShape } from '../http/page.ts';
import { CallerKey, Requires } from '../http/requires.ts';
import { type DeskBatch, deskBatchSchema, deskBatchView } from './desk-batch.schema.ts';
import { DeskBatches } from './desk-batch.ts';
import { type CreateDesk, createDeskSchema, deskView, type MoveDesk, moveDeskSchema } from './desk.schema.ts';
import { deskOf } from './desk.ts';
import { Desks } from './desks.ts';

const tag = 'Desks';
/** An id that nothing can have finds nothing, like an id of another tenant. */
const NOTHING = '00000000-0000-0000-0000-000000000000';
const listSchema = z.strictObject({
  ...pageShape,
  organization: z
    .string()
    .max(64)
    .transform((text) => uuidFromId('org', text) ?? NOTHING)
    .optional(),
  trade_point: z
    .string()
    .max(64)
    .transform((text) => uuidFromId('tp', text) ?? NOTHING)
    .optional(),
});

@Controller('v1/desks')
@Requires('organizations:write')
export class DesksController {
  constructor(
    private readonly desks: Desks,
    private readonly batches: DeskBatches,
  ) {}

  @Post()
  @Operation({
    tag,
    summary: 'Make a cash desk ahead of its first payment',
    description:
      'Its device is registered with the provider in the background. A payment makes an unknown desk by itself.',
    status: 201,
    answer: deskView,
    bodyExample: {
      organization: 'org_06dzkx3m0g7w1s8t2v4y5z6a7b',
      desk: 'desk-03',
      trade_point: 'tp_06dzkx3m0g7w1s8t2v4y5z6a7c',
    },
    idempotencyKey: 'required',
    problems: {
      400: ['invalid_request'],
      404: ['not_found'],
      409: ['desk_exists'],
      422: ['trade_point_required', 'trade_point_unknown', 'organization_archived'],
    },
  })
  async create(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @CreationAttempt() attempt: Attempt,
    @Body({ schema: createDeskSchema }) body: CreateDesk,
  ): Promise<Answer> {
    const { replayed, value } = await this.desks.create(auth, origin, attempt, body);
    return created(replayed, deskOf(value));
  }

  @Post('batch')
  @HttpCode(200)
  @Operation({
    tag,
    summary: 'Make up to 1 000 cash desks at once',
    description:
      'Each desk has a result of its own, and one that is refused does not stop the others. Sent again, nothing changes, so no Idempotency-Key is needed. A desk that stands elsewhere in its organization is moved.',
    answer: deskBatchView,
    bodyExample: {
      desks: [
        { organization: 'org_06dzkx3m0g7w1s8t2v4y5z6a7b', desk: 'desk-01', trade_point: '41' },
        { organization: 'org_06dzkx3m0g7w1s8t2v4y5z6a7b', desk: 'desk-02', trade_point: '41' },
      ],
    },
    idempotencyKey: 'optional',
    problems: { 400: ['invalid_request'] },
  })
  async batch(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @Body({ schema: deskBatchSchema }) body: DeskBatch,
  ): Promise<object> {
    return this.batches.run(auth, origin, body);
  }

  @Get()
  @Requires('organizations:write', 'payments:read')
  @Operation({ tag, summary: 'List desks, newest first', answer: pageSchema(deskView) })
  async list(
    @CallerKey() auth: KeyAuth,
    @QueryParameters({ schema: listSchema }) page: z.output<typeof listSchema>,
  ): Promise<Page<object>> {
    const rows = await this.desks.list(auth, {
      organizationId: page.organization ?? null,
      tradePointId: page.trade_point ?? null,
      after: afterOf(page),
      limit: page.limit + 1,
    });
    return pageOf(rows, page, deskOf);
  }

  @Get(':desk')
  @Requires('organizations:write', 'payments:read')
  @Operation({
    tag,
    summary: 'Look at a desk, by `dsk_…` or by your own id',
    answer: deskView,
    problems: { 404: ['not_found'] },
  })
  async get(@CallerKey() auth: KeyAuth, @Param('desk') name: string): Promise<object> {
    return deskOf(await this.desks.get(auth, name));
  }

  @Patch(':desk')
  @Operation({
    tag,
    summary: 'Move a desk to another trade point',
    answer: deskView,
    problems: { 400: ['invalid_request'], 404: ['not_found'], 409: ['desk_deleted'], 422: ['trade_point_unknown'] },
  })
  async move(
    @CallerKey() auth: KeyAuth,
    @CallOrigin() origin: Origin,
    @Param('desk') name: string,
    @Body({ schema: moveDeskSchema }) body: MoveDesk,
  ): Promise<object> {
    return deskOf(await this.desks.move(auth, origin, name, body));
  }

  @Delete(':desk')
  @Operation({
    tag,
    summary: 'Delete a desk',
    description: 'Its device is switched off in the background. The same id used again is another desk.',
    answer: deskView,
    problems: { 404: ['not_found'] },
  })
  async delete(@CallerKey() auth: KeyAuth, @CallOrigin() origin: Origin, @Param('desk') name: string): Promise<object> {
    return deskOf(await this.desks.delete(auth, origin, name));
  }
}
