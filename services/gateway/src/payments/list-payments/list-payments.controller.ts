import { type Clock, uuidFromId } from '@tolem/domain';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { notFound } from '../../http/api-problem.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { Operation } from '../../http/docs/operation.ts';
import { afterOf, type Page, pageOf, pageSchema } from '../../http/page.ts';
import { CallerKey, Requires } from '../../http/requires.ts';
import { CLOCK } from '../../tokens.ts';
import type { PaymentRow } from '../payment-row.ts';
import { PaymentStore } from '../payment-store.ts';
import { type PaymentView, paymentView, paymentViewSchema } from '../payment.view.ts';
import { type ListPaymentsQuery, listPaymentsSchema } from './list-payments.schema.ts';

@Controller('v1/payments')
export class ListPaymentsController {
  constructor(
    private readonly store: PaymentStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @Requires('payments:read')
  @Operation({
    tag: 'Payments',
    summary: 'List payments, newest first',
    answer: pageSchema(paymentViewSchema),
    problems: { 400: ['invalid_request', 'invalid_cursor'], 404: ['not_found'] },
  })
  async list(
    @CallerKey() caller: KeyAuth,
    @Query({ schema: listPaymentsSchema }) query: ListPaymentsQuery,
  ): Promise<Page<PaymentView>> {
    const { limit, after: _, organization, ...filters } = query;
    const rows = await this.store.call<PaymentRow>('list_payments', caller, {
      ...filters,
      ...(organization === undefined ? {} : { organization: organizationOf(organization) }),
      after: afterOf(query),
      // The one too many only tells that there are more.
      limit: limit + 1,
    });
    const nowMs = this.clock.now();
    return pageOf(rows, query, (row) => paymentView(row, nowMs));
  }
}

function organizationOf(organization: string): string {
  const uuid = uuidFromId('org', organization);
  if (uuid === undefined) throw notFound('organization');
  return uuid;
}
