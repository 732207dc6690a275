import { providerNamed, PROVIDERS } from '@tolem/contracts';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { notFound, unprocessable } from '../http/api-problem.ts';
import type { KeyAuth } from '../http/auth.ts';
import { connectionProblem, type ConnectionRefusal } from '../payments/connection-problem.ts';
import { AskProvider, type QuestionPlace } from '../questions/ask-provider.ts';
import { TenantFunctions } from '../tenant-functions.ts';
import { payerProblem } from './payer.problem.ts';
import type { LookUpPayerBody, PayerView } from './payer.schema.ts';

/** What provider services call this question. */
const QUESTION = 'payer';

const SCHEMES = Object.fromEntries(
  PROVIDERS.map(({ name, schemes }) => [
    name,
    schemes.filter(({ questions }) => questions?.includes(QUESTION)).map((scheme) => scheme.name),
  ]),
);

const answerSchema = z.object({ name: z.string().min(1) });

type PlaceAnswer =
  | (QuestionPlace & { readonly outcome: 'found' })
  | { readonly outcome: 'desk_not_found' | 'question_not_available' }
  | (ConnectionRefusal & { readonly provider?: string });

export interface LookUpCall {
  readonly caller: KeyAuth;
  readonly body: LookUpPayerBody;
  readonly gone: AbortSignal;
  readonly traceparent: string | undefined;
}

/** Whose phone it is, for the cashier to compare with who stands there. Neither phone nor name is written down anywhere. */
@Injectable()
export class LookUpPayer {
  constructor(
    private readonly functions: TenantFunctions,
    private readonly askProvider: AskProvider,
  ) {}

  async run(call: LookUpCall): Promise<PayerView> {
    const { caller, body, gone, traceparent } = call;
    const place = (): Promise<QuestionPlace> => this.#placeOf(call);
    const args = { phone: body.phone };
    const { answer, provider } = await this.askProvider.run({ caller, kind: QUESTION, args, place, gone, traceparent });
    if (answer.is !== 'answered') throw payerProblem(answer, provider);
    return { object: 'payer', name: answerSchema.parse(answer.answer).name };
  }

  async #placeOf({ caller, body }: LookUpCall): Promise<QuestionPlace> {
    const place = await this.functions.one<PlaceAnswer>('payer_desk', caller, { desk: body.desk, schemes: SCHEMES });
    switch (place.outcome) {
      case 'found':
        return place;
      case 'desk_not_found':
        throw notFound('desk');
      case 'question_not_available': {
        const detail = 'No connection of this organization can say whose phone it is.';
        throw unprocessable('question_not_available', '/desk', detail);
      }
      default: {
        const name = place.provider ?? '';
        throw connectionProblem(place, { name, title: providerNamed(name)?.title ?? name }, '/desk');
      }
    }
  }
}
