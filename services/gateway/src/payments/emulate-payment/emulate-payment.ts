import { methodNamed } from '@tolem/contracts';
import { isFinal } from '@tolem/domain';
import { Injectable } from '@nestjs/common';
import type { Answer } from '../../http/answer.ts';
import { ApiProblem, notFound } from '../../http/api-problem.ts';
import type { KeyAuth } from '../../http/auth.ts';
import { AskProvider, type QuestionPlace } from '../../questions/ask-provider.ts';
import { ASK_AGAIN_S, titleOf, wordsOf } from '../../questions/question.problem.ts';
import type { PaymentRow } from '../payment-row.ts';
import { PaymentStore } from '../payment-store.ts';
import { ReadPayment } from '../read-payment/read-payment.ts';

/** What provider services call this question. */
const QUESTION = 'emulate';

/** What a buyer does, or fails at. */
export const EMULATED_STEPS = ['scan', 'confirm', 'scan_error', 'confirm_error'] as const;
export type EmulatedStep = (typeof EMULATED_STEPS)[number];

export interface EmulateCall {
  readonly caller: KeyAuth;
  /** UUID. */
  readonly id: string;
  readonly step: EmulatedStep;
  readonly gone: AbortSignal;
  readonly traceparent: string | undefined;
}

/**
 * Lets the provider's test contour play the buyer. Nothing is changed here: what came of it is learned as about every
 * payment, by asking the provider.
 */
@Injectable()
export class EmulatePayment {
  constructor(
    private readonly store: PaymentStore,
    private readonly askProvider: AskProvider,
    private readonly readPayment: ReadPayment,
  ) {}

  /** Answers with the payment as it is known now. */
  async run({ caller, id, step, gone, traceparent }: EmulateCall): Promise<Answer> {
    if (caller.mode !== 'test') throw testOnly();
    const row = await this.store.read(caller, { id });
    if (row === undefined) throw notFound('payment');
    const { place, providerRef } = emulated(row);
    const args = { step, provider_ref: providerRef };
    const question = { caller, kind: QUESTION, args, place: () => Promise.resolve(place), gone, traceparent };
    const { answer, provider } = await this.askProvider.run(question);
    if (answer.is !== 'answered') {
      const detail = `${titleOf(provider)} did not take the step ${step}. Look at the payment: the step may not fit its state.`;
      const words = wordsOf(answer.failure, provider);
      throw answer.is === 'refused'
        ? new ApiProblem(409, 'step_refused', detail, words)
        : new ApiProblem(503, 'provider_unavailable', detail, { ...words, retryable: true, retryAfterS: ASK_AGAIN_S });
    }
    return this.readPayment.now(caller, { id });
  }
}

function testOnly(): ApiProblem {
  const detail = 'Only the test contour of a provider plays the buyer. Use an API key of test mode.';
  return new ApiProblem(403, 'test_mode_only', detail);
}

/** Throws where the provider has no such payment open, or nobody plays its buyer. */
function emulated(row: PaymentRow): { readonly place: QuestionPlace; readonly providerRef: string } {
  const { connection_id: connection, provider, provider_ref: providerRef, method, status } = row;
  if (method === null || methodNamed(method)?.method.emulated !== true) {
    const detail = `Nobody plays the buyer of a payment by ${method ?? 'an unknown method'}.`;
    throw new ApiProblem(409, 'step_not_available', detail);
  }
  if (isFinal(status) || connection === null || provider === null || providerRef === null) {
    const detail = `The payment is ${status}: there is nothing that a buyer could do.`;
    throw new ApiProblem(409, 'step_not_available', detail);
  }
  // In any version: the payment was begun under one that the provider's service has.
  const place = { provider, connection, connection_version: 1, desk: null, trade_point_ref: null };
  return { place, providerRef };
}
