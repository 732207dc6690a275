import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { uuidFromId } from '@tolem/domain';
import type { Auth } from '../http/auth.ts';
import { notFound } from '../http/api-problem.ts';
import { Operation } from '../http/docs/operation.ts';
import { IdPipe } from '../http/id-pipe.ts';
import { CallOrigin, type Origin } from '../http/origin.ts';
import { afterOf, type Page, pageOf, pageSchema } from '../http/page.ts';
import { Caller, OperatorOr } from '../http/requires.ts';
import { AttentionStore } from './attention-store.ts';
import { type AttentionView, attentionView, attentionViewSchema } from './attention.ts';
import {
  type ListAttention,
  listAttentionSchema,
  resolveAttentionSchema,
  type ResolveAttentionBody,
} from './attention.schema.ts';
import { ResolveAttention } from './resolve-attention.ts';

const tag = 'Attention';
const attentionId = () => Param('id', new IdPipe('att', 'attention'));

@Controller('v1/attention')
@OperatorOr('payments:read', 'attention:write')
export class AttentionController {
  constructor(
    private readonly store: AttentionStore,
    private readonly resolveAttention: ResolveAttention,
  ) {}

  @Get()
  @Operation({
    tag,
    summary: 'List what a person must look at, newest first',
    description:
      'Payments and refunds that nobody could settle, late and double money, answers of a provider that do not fit, certificates that end within days. A tenant sees its own, the operator sees all.',
    answer: pageSchema(attentionViewSchema),
    problems: { 400: ['invalid_request', 'invalid_cursor'], 404: ['not_found'] },
  })
  async list(
    @Caller() auth: Auth,
    @Query({ schema: listAttentionSchema }) query: ListAttention,
  ): Promise<Page<AttentionView>> {
    const rows = await this.store.list(auth, {
      status: query.status ?? null,
      kind: query.kind ?? null,
      organization: uuidOr404('org', query.organization, 'organization'),
      payment: uuidOr404('pay', query.payment, 'payment'),
      refund: uuidOr404('ref', query.refund, 'refund'),
      after: afterOf(query),
      // The one too many only tells that there are more.
      limit: query.limit + 1,
    });
    return pageOf(rows, query, attentionView);
  }

  @Get(':id')
  @Operation({ tag, summary: 'Look at one of them', answer: attentionViewSchema, problems: { 404: ['not_found'] } })
  async get(@Caller() auth: Auth, @attentionId() id: string): Promise<AttentionView> {
    return attentionView(await this.store.get(auth, id));
  }

  @Post(':id/resolve')
  @HttpCode(200)
  @OperatorOr('attention:write')
  @Operation({
    tag,
    summary: 'Close it, with outcome, reason and evidence',
    description:
      'An `unknown` payment or refund becomes `succeeded` or `failed` by it, with everything that follows: the till, the reference, what is refundable, the event. ' +
      'Every other kind is only `acknowledged`. The word of the provider still counts afterwards: money that comes after `failed` is recorded as late, ' +
      'and "not paid" after `succeeded` opens attention of the kind `contradicted`. The same request again gets the same answer.',
    answer: attentionViewSchema,
    bodyExample: {
      outcome: 'succeeded',
      reason: 'The bank shows the money',
      evidence: 'Statement of 22 November, line 17',
    },
    problems: {
      400: ['invalid_request'],
      404: ['not_found'],
      409: ['attention_closed'],
      422: ['outcome_not_possible', 'amount_unknown'],
    },
  })
  async resolve(
    @Caller() auth: Auth,
    @CallOrigin() origin: Origin,
    @attentionId() id: string,
    @Body({ schema: resolveAttentionSchema }) body: ResolveAttentionBody,
  ): Promise<AttentionView> {
    return attentionView(await this.resolveAttention.run(auth, origin, id, body));
  }
}

function uuidOr404(prefix: 'org' | 'pay' | 'ref', id: string | undefined, what: string): string | null {
  if (id === undefined) return null;
  const uuid = uuidFromId(prefix, id);
  if (uuid === undefined) throw notFound(what);
  return uuid;
}
