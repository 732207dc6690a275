import { type Clock, uuidFromId } from '@tolem/domain';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { notFound } from '../../http/api-problem.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { afterOf, type Page, pageOf, pageSchema } from '../../http/page.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { CLOCK } from '../../tokens.ts';
import type { RefundRow } from '../refund-row.ts';
import { RefundStore } from '../refund-store.ts';
import { type RefundView, refundView, refundViewSchema } from '../refund.view.ts';
import { type ListRefundsQuery, listRefundsSchema } from './list-refunds.schema.ts';

@Controller('v1/refunds')
export class ListRefundsController {
  constructor(
    private readonly store: RefundStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @Requires('payments:read', 'refunds:write')
  @Operation({
    tag: 'Refunds',
    summary: 'List refunds, newest first',
    answer: pageSchema(refundViewSchema),
    problems: { 400: ['invalid_request', 'invalid_cursor'], 404: ['not_found'] },
  })
  async list(
    @CallerKey() caller: KeyAuth,
    @Query({ schema: listRefundsSchema }) query: ListRefundsQuery,
  ): Promise<Page<RefundView>> {
    const { limit, after: _, organization, payment, ...filters } = query;
    const rows = await this.store.call<RefundRow>('list_refunds', caller, {
      ...filters,
      ...(organization === undefined ? {} : { organization: uuidOr404('org', organization, 'organization') }),
      ...(payment === undefined ? {} : { payment: uuidOr404('pay', payment, 'payment') }),
      after: afterOf(query),
      // The one too many only tells that there are more.
      limit: limit + 1,
    });
    const nowMs = this.clock.now();
    return pageOf(rows, query, (row) => refundView(row, nowMs));
  }
}

function uuidOr404(prefix: 'org' | 'pay', id: string, what: string): string {
  const uuid = uuidFromId(prefix, id);
  if (uuid === undefined) throw notFound(what);
  return uuid;
}
