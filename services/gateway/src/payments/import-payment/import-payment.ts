import { methodNamed, type ProviderDescriptor } from '@tolem/contracts';
import { type Clock, idFromUuid, type IdFactory } from '@tolem/domain';
import { Inject, Injectable } from '@nestjs/common';
import { type Answer, created } from '../../http/answer.ts';
import { ApiProblem, unprocessable } from '../../http/api-problem.ts';
import type { Attempt } from '../../http/attempt.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { CLOCK, IDS, WAKE_UPS } from '../../tokens.ts';
import type { WakeUps } from '@tolem/coordination';
import type { CreatePaymentRefusal } from '../create-payment/create-payment.answer.ts';
import { createPaymentProblem } from '../create-payment/create-payment.problem.ts';
import { organizationOf, tradePointOf } from '../ids-in-body.ts';
import type { PaymentRow } from '../payment-row.ts';
import { PaymentStore } from '../payment-store.ts';
import { paymentView } from '../payment.view.ts';
import type { ImportPaymentBody } from './import-payment.schema.ts';

type ImportAnswer =
  | { readonly outcome: 'created' | 'replay' | 'payment_already_known'; readonly payment: PaymentRow }
  | { readonly outcome: 'desk_required' }
  | CreatePaymentRefusal;

/**
 * Takes in a sale that was made before, so that it can be refunded. The provider is not asked: what is told wrong shows when
 * it is refunded.
 */
@Injectable()
export class ImportPayment {
  constructor(
    private readonly store: PaymentStore,
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  async run(caller: KeyAuth, attempt: Attempt, body: ImportPaymentBody): Promise<Answer> {
    const chosen = methodNamed(body.method.type);
    if (chosen === undefined) throw new Error(`no provider has the method ${body.method.type}`);
    const { provider, method } = chosen;
    const nowMs = this.clock.now();
    checkRules(body, provider, nowMs);
    const [answer] = await this.store.call<ImportAnswer>('import_payment', caller, {
      id: this.ids.uuid(),
      event_id: this.ids.uuid(),
      desk_id: this.ids.uuid(),
      // Keys of different routes never meet: no key of a create has this character.
      idem_key: `import\u001f${attempt.key}`,
      idem_hash: attempt.hash.toString('hex'),
      organization: organizationOf(caller, body.organization),
      desk: body.desk ?? null,
      trade_point: tradePointOf(body.trade_point),
      trade_points: provider.tradePoints,
      schemes: provider.schemes.filter(({ methods }) => methods.includes(method.type)).map(({ name }) => name),
      provider: provider.name,
      provider_ref: body.provider_ref,
      amount: body.amount,
      max_amount: method.maxAmountMinor,
      currency: body.currency,
      method: method.type,
      paid_at: body.paid_at,
      reference: body.reference ?? null,
      metadata: body.metadata ?? {},
      now: new Date(nowMs).toISOString(),
    });
    if (answer === undefined) throw new Error('import_payment gave no answer');
    switch (answer.outcome) {
      case 'created':
        this.wakeUps.wake([idFromUuid('pay', answer.payment.id)]);
        return created(false, paymentView(answer.payment, nowMs));
      case 'replay':
        return created(true, paymentView(answer.payment, nowMs));
      case 'payment_already_known':
        throw alreadyKnown(answer.payment);
      case 'desk_required':
        throw unprocessable(
          'desk_required',
          '/desk',
          'No desk stands in this trade point yet. Name one: it is created.',
        );
      default:
        throw createPaymentProblem(answer, provider, nowMs);
    }
  }
}

function checkRules(
  { currency, paid_at: paidAt }: ImportPaymentBody,
  provider: ProviderDescriptor,
  nowMs: number,
): void {
  if (currency !== provider.currency) {
    throw unprocessable('currency_not_supported', '/currency', `This method takes ${provider.currency} only.`, {
      extra: { allowed: [provider.currency] },
    });
  }
  if (Date.parse(paidAt) > nowMs) {
    throw unprocessable('paid_in_future', '/paid_at', 'A sale that is imported was paid before now.');
  }
}

function alreadyKnown({ id, status }: PaymentRow): ApiProblem {
  const detail = "There is a payment with this provider's id. Refund that one.";
  return new ApiProblem(409, 'payment_already_known', detail, {
    errors: [{ pointer: '/provider_ref', code: 'payment_already_known', detail }],
    extra: { payment: { id: idFromUuid('pay', id), status } },
  });
}
